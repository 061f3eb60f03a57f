"""Bugs that other converters shipped, each as a test that fails where ours has it too.

The table names each of them, and the file that tests it as `test_bug_NN_...`, or why it cannot happen here.

 1 syntax_and_colour  file meta names the transfer syntax of an encoder that was not used
 2 syntax_and_colour  JPEG 2000 of the reversible wavelet written as .91
 3 syntax_and_colour  33003 and 33005 taken for the multiple component transformation
 4 syntax_and_colour  a TIFF tag that says RGB believed over a codestream that is YCbCr
 5 syntax_and_colour  RGB JPEG without a marker shown in wrong colours
 6 syntax_and_colour  a wrong YCbCrSubSampling tag takes the chroma of repaired edge tiles
 7 syntax_and_colour  the repair of RGB applied to directories that are not RGB
 8 syntax_and_colour  YCbCr labelled as RGB
 9 syntax_and_colour  progressive and extended JPEG labelled as baseline
10 bitstream          tables merged into frames in the wrong order
11 bitstream          zero-length tiles, and wrong pixels at the edges of lower levels
12 bitstream          missing tiles of sparse slides, or blank ones of another kind
13 bitstream          strips joined to a corrupt picture where the size is no multiple of the MCU
14 bitstream          NDPI cut at the wrong restart intervals
15 bitstream          NDPI offsets beyond 4 GiB
16 bitstream          NDPI levels whose size differs from their tags
17 bitstream          short text of NDPI tags misread
18 bitstream          NDPI of JPEG XR: not told what is wrong
19 container          basic offsets that overflow 32 bits
20 container          frames of several fragments beside an Extended Offset Table
21 container          a crash on offsets beyond 32 bits
22 container          an offset table that indexes all frames in each part of a concatenation
23 container          offsets summed anew for every frame
24 container          native pixel data of the wrong value representation
25 container          native pixel data of more than 2^32-2 bytes
26 pyramid            edge frames smaller than Rows and Columns, or stretched
27 pyramid            a gap in the levels that are converted
28 pyramid            levels that are no power of two apart
29 pyramid            Imaged Volume Width that differs from level to level, or is the height
30 pyramid            Pixel Spacing of derived levels that is another in each direction
31 pyramid            levels that are shifted to each other
32 pyramid            wrong origin and orientation of levels and associated images
33 dimensions         only one of several focal planes converted
34 dimensions         optical paths in the order of a set
35 dimensions         missing stripes of CZI mosaics, and threads that wait for each other
36 dimensions         several regions refused or ignored
37 metadata           no Specific Character Set
38 metadata           an empty Barcode Value where there is no label, or none where there is one
39 metadata           THUMBNAIL without Pixel Spacing
40 metadata           the history of lossy compression cut to its last step
41 metadata           Content Date is that of the conversion
42 metadata           code strings outside of their repertoire
43 metadata           ICC profiles of the wrong class, or with the time of the conversion
44 metadata           decimal strings of more than 16 characters
45 metadata           Image Type that does not tell scanned from derived
46 metadata           scale, date and descriptions as only some scanners write them
47 metadata           no Pyramid UID
48 process            files kept open as long as the process lives
49 process            file handles lost where something fails
50 cannot happen      a Java machine cannot start twice in a process: there is none here, all readers are native
51 process            state files that forbid two jobs at once
"""
