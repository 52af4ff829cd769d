# Draw again: gnuplot rate_1_gelu_fwd_1__.gp
if (!exists('output')) output = 'rate_1_gelu_fwd_1__.svg'
data = 'rate_1_gelu_fwd_1__.dat'
set terminal svg size 800,400 fixed enhanced font 'sans-serif,14' name 'rate_1_gelu_fwd_1__'
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
set title 'gelu fwd, 1 thread'
set ylabel 'GB/s, median and 95 % interval'
set yrange [0:*]
set xrange [-0.6:1.6]
set xtics scale 0 ('32x64' 0, '128x256' 1)
plot data index 0 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#0072b2' lw 2 notitle, \
     data index 0 using 1:2 with points lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.9 title 'onednn', \
     data index 1 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#009e73' lw 2 notitle, \
     data index 1 using 1:2 with points lc rgb '#009e73' lw 2 dt 1 pt 9 ps 0.9 title 'avx512', \
     data index 2 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#d55e00' lw 2 notitle, \
     data index 2 using 1:2 with points lc rgb '#d55e00' lw 2 dt 1 pt 5 ps 0.9 title 'avx2', \
     data index 3 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#4fa3d8' lw 2 notitle, \
     data index 3 using 1:2 with points lc rgb '#4fa3d8' lw 2 dt 1 pt 6 ps 0.9 title 'auto_avx512', \
     data index 4 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#808080' lw 2 notitle, \
     data index 4 using 1:2 with points lc rgb '#808080' lw 2 dt 1 pt 4 ps 0.9 title 'auto_avx2', \
     data index 5 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#c98a00' lw 2 notitle, \
     data index 5 using 1:2 with points lc rgb '#c98a00' lw 2 dt 1 pt 11 ps 0.9 title 'scalar'
