# Draw again: gnuplot rate_1_group_norm_fwd_2__.gp
if (!exists('output')) output = 'rate_1_group_norm_fwd_2__.svg'
data = 'rate_1_group_norm_fwd_2__.dat'
set terminal svg size 800,420 fixed enhanced font 'sans-serif,14' name 'rate_1_group_norm_fwd_2__'
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
set title 'group_norm fwd, 2 threads'
set ylabel 'GB/s, median and 95 % interval'
set yrange [0:*]
set logscale x 2
set format x '%.0b %BB'
unset mxtics
set xlabel 'working set'
set arrow from first 49152, graph 0 to first 49152, graph 1 nohead dt 2 lc rgb '#808080'
set label 'L1' at first 49152, graph 0.97 right offset -0.3,0 textcolor rgb '#808080'
set arrow from first 2097152, graph 0 to first 2097152, graph 1 nohead dt 2 lc rgb '#808080'
set label 'L2' at first 2097152, graph 0.97 right offset -0.3,0 textcolor rgb '#808080'
set arrow from first 503316480, graph 0 to first 503316480, graph 1 nohead dt 2 lc rgb '#808080'
set label 'L3' at first 503316480, graph 0.97 right offset -0.3,0 textcolor rgb '#808080'
plot data index 0 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#0072b2' lw 2 notitle, \
     data index 0 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.6 title 'onednn', \
     data index 1 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#009e73' lw 2 notitle, \
     data index 1 using 1:2 with linespoints lc rgb '#009e73' lw 2 dt 1 pt 9 ps 0.6 title 'avx512'
