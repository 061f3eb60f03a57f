"""Where Flink and Java are, and what Flink's own scripts would call them with.

`make test-flink` fills FLINK_HOME from the package index, where Flink's jars lie without its scripts; a distribution of
Flink has the same folders. So processes are started as `bin/jobmanager.sh` and `bin/taskmanager.sh` do it: Flink's
`BashJavaUtils` reads `config.yaml` and says how much of the memory is for what.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SHIPPED = Path(__file__).resolve().parents[3] / "configs" / "deploy" / "flink" / "config.yaml"
_RESULT = "BASH_JAVA_UTILS_EXEC_RESULT:"
_UTILS = "org.apache.flink.runtime.util.bash.BashJavaUtils"


@dataclass(frozen=True, slots=True)
class FlinkHome:
    """A folder of Flink, and a Java to run it."""

    path: Path
    java: str

    @property
    def class_path(self) -> str:
        """Jars of every process of Flink."""
        return ":".join(str(jar) for jar in sorted((self.path / "lib").glob("*.jar")))

    @property
    def version(self) -> str:
        """Version of Flink, as 1.20.5."""
        (dist,) = (self.path / "lib").glob("flink-dist*.jar")
        return dist.stem.rpartition("-")[2]

    def program(self, source: Path, *arguments: str) -> list[str]:
        """Return the command that compiles and runs a Java program with Flink's jars."""
        return [self.java, *java_options(), "-cp", self.class_path, str(source), *arguments]

    def memory(self, role: str, conf: Path, settings: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """Return the options of the JVM and the settings that Flink derives for a role, `JM` or `TM`."""
        utils = self.path / "bin" / "bash-java-utils.jar"
        command = [self.java, "-cp", f"{utils}:{self.class_path}", _UTILS, f"GET_{role}_RESOURCE_PARAMS"]
        done = subprocess.run(
            [*command, "--configDir", str(conf), *dynamic(settings)], capture_output=True, text=True, check=False
        )
        lines = [line.removeprefix(_RESULT).split() for line in done.stdout.splitlines() if line.startswith(_RESULT)]
        if done.returncode or len(lines) != 2:
            raise RuntimeError(f"Flink refuses its configuration:\n{done.stdout}{done.stderr}")
        return lines[0], lines[1]


def find_flink() -> FlinkHome | None:
    """Return the Flink that FLINK_HOME names, if it is there, and Java, whose compiler the tests need."""
    path, java = Path(os.environ.get("FLINK_HOME", "")), shutil.which("java")
    if java is None or shutil.which("javac") is None or not list(path.glob("lib/flink-dist*.jar")):
        return None
    return FlinkHome(path.resolve(), java)


def shipped_configuration() -> dict[str, Any]:
    """Return what `configs/deploy/flink/config.yaml` says."""
    loaded: dict[str, Any] = yaml.safe_load(SHIPPED.read_text("utf-8"))
    return loaded


def java_options() -> list[str]:
    """Return the options of every JVM that the configuration asks for."""
    options: str = shipped_configuration()["env"]["java"]["opts"]["all"]
    return options.split()


def dynamic(settings: Mapping[str, str]) -> Sequence[str]:
    """Return settings as Flink's processes take them on the command line, where they beat the file."""
    return [part for name, value in settings.items() for part in ("-D", f"{name}={value}")]
