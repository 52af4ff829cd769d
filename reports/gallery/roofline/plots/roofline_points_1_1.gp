# Draw again: gnuplot roofline_points_1_1.gp
if (!exists('output')) output = 'roofline_points_1_1.svg'
data = 'roofline_points_1_1.dat'
set terminal svg size 800,560 fixed enhanced font 'sans-serif,14' name 'roofline_points_1_1'
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
set title 'Roofline, 1 thread'
set logscale xy
unset mxtics
unset mytics
set xlabel 'FLOP per byte of compulsory traffic'
set ylabel 'GFLOP/s, median and 95 % interval'
set format xy '%g'
set key maxcols 2
plot 127.735 with lines lc rgb '#808080' lw 1.2 dt 1 title 'FMA f32 avx2: 128 GFLOP/s', \
     236.255 with lines lc rgb '#808080' lw 1.2 dt 2 title 'FMA f32 avx512: 236 GFLOP/s', \
     (477.488*x <= 236.255 ? 477.488*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 3 title '22.6 KiB triad: 477 GB/s', \
     (127.462*x <= 236.255 ? 127.462*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 4 title '1 MiB triad: 127 GB/s', \
     (25.7185*x <= 236.255 ? 25.7185*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 5 title '256 MiB triad: 25.7 GB/s', \
     data index 0 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#0072b2' lw 2 notitle, \
     data index 0 using 1:2 with points lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.8 title 'own kernels', \
     data index 1 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#d55e00' lw 2 notitle, \
     data index 1 using 1:2 with points lc rgb '#d55e00' lw 2 dt 1 pt 5 ps 0.8 title 'oneDNN kernels', \
     data index 2 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#009e73' lw 2 notitle, \
     data index 2 using 1:2 with points lc rgb '#009e73' lw 2 dt 1 pt 9 ps 0.8 title 'own layers', \
     data index 3 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#c56a9d' lw 2 notitle, \
     data index 3 using 1:2 with points lc rgb '#c56a9d' lw 2 dt 1 pt 13 ps 0.8 title 'oneDNN layers'
