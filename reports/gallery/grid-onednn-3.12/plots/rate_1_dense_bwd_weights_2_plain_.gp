# Draw again: gnuplot rate_1_dense_bwd_weights_2_plain_.gp
if (!exists('output')) output = 'rate_1_dense_bwd_weights_2_plain_.svg'
data = 'rate_1_dense_bwd_weights_2_plain_.dat'
set terminal svg size 800,450 fixed enhanced font 'sans-serif,14' name 'rate_1_dense_bwd_weights_2_plain_'
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
set title 'dense bwd_weights, 2 threads, weights plain'
set ylabel 'GFLOP/s, median and 95 % interval'
set yrange [0:*]
set xrange [-0.6:8.6]
set xtics scale 0 rotate by 20 right ('32x64x64' 0, '128x64x64' 1, '32x256x256' 2, '512x64x64' 3, '128x256x256' 4, '32x1024x1024' 5, '512x256x256' 6, '128x1024x1024' 7, '512x1024x1024' 8)
plot data index 0 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#0072b2' lw 2 notitle, \
     data index 0 using 1:2 with points lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.9 title 'onednn', \
     data index 1 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#009e73' lw 2 notitle, \
     data index 1 using 1:2 with points lc rgb '#009e73' lw 2 dt 1 pt 9 ps 0.9 title 'avx512'
