# Draw again: gnuplot working_set_1_layer_norm_1.gp
if (!exists('output')) output = 'working_set_1_layer_norm_1.svg'
data = 'working_set_1_layer_norm_1.dat'
set terminal svg size 800,460 fixed enhanced font 'sans-serif,14' name 'working_set_1_layer_norm_1'
set encoding utf8
set border 3 lc rgb '#6e7781'
set tics nomirror out scale 0.5 textcolor rgb '#6e7781'
set grid lc rgb '#6e7781' lw 0.4 dt 3
set key below left horizontal reverse Left maxcols 2 samplen 3 noenhanced textcolor rgb '#6e7781'
set title noenhanced textcolor rgb '#6e7781'
set xlabel noenhanced textcolor rgb '#6e7781' offset 0,0.4
set ylabel noenhanced textcolor rgb '#6e7781'
set cblabel noenhanced textcolor rgb '#6e7781'
set style fill transparent solid 0.18 noborder
set datafile missing '?'
set output output
set title 'layer_norm on growing tensors, 1 thread'
set logscale x 2
set logscale y
unset mxtics
set xlabel 'working set: bytes of all tensors'
set ylabel 'GB/s, median and 95 % interval'
set xtics ('2 KiB' 2**11, '32 KiB' 2**15, '512 KiB' 2**19, '8 MiB' 2**23, '128 MiB' 2**27, '2 GiB' 2.**31)
set xrange [2048:6.54311e+08]
set arrow from 49152, graph 0 to 49152, graph 1 nohead lc rgb '#808080' dt 2
set label 'L1 48 KiB' at 49152, graph 0.98 right rotate by 90 offset -1.1,0 textcolor rgb '#808080'
set arrow from 2097152, graph 0 to 2097152, graph 1 nohead lc rgb '#808080' dt 2
set label 'L2 2 MiB' at 2097152, graph 0.98 right rotate by 90 offset -1.1,0 textcolor rgb '#808080'
set arrow from 503316480, graph 0 to 503316480, graph 1 nohead lc rgb '#808080' dt 2
set label 'L3 480 MiB' at 503316480, graph 0.98 right rotate by 90 offset -1.1,0 textcolor rgb '#808080'
plot data index 0 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#0072b2' lw 1 notitle, \
     data index 0 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.5 title 'fwd avx512', \
     data index 1 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#d55e00' lw 1 notitle, \
     data index 1 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt 1 pt 5 ps 0.5 title 'fwd onednn'
