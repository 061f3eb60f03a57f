import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/** A job that takes a while: count and add up numbers on a cluster. Arguments: host, port, parallelism, rows, folder. */
public class Sums {
  public static void main(String[] arguments) throws Exception {
    Configuration cluster = new Configuration();
    cluster.setString("execution.target", "remote");
    cluster.setString("rest.address", arguments[0]);
    cluster.setString("rest.port", arguments[1]);
    cluster.setString("parallelism.default", arguments[2]);
    TableEnvironment tables =
        TableEnvironment.create(EnvironmentSettings.newInstance().inBatchMode().withConfiguration(cluster).build());
    tables.executeSql(
        "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5', "
            + "'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '" + arguments[3] + "', "
            + "'number-of-rows' = '" + arguments[3] + "')");
    tables.executeSql(
        "CREATE TABLE sums (many BIGINT, total BIGINT) WITH ('connector' = 'filesystem', 'format' = 'csv', "
            + "'path' = 'file://" + arguments[4] + "')");
    tables.executeSql("INSERT INTO sums SELECT COUNT(*), SUM(n) FROM numbers");
  }
}
