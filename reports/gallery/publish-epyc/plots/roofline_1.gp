# Draw again: gnuplot roofline_1.gp
if (!exists('output')) output = 'roofline_1.svg'
data = 'roofline_1.dat'
set terminal svg size 800,520 fixed enhanced font 'sans-serif,14' name 'roofline_1'
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
set title 'Rows against the measured roofs, 1 thread'
set logscale xy
unset mxtics
unset mytics
set xlabel 'FLOP per byte of compulsory traffic'
set ylabel 'GFLOP/s, median and 95 % interval'
set format xy '%g'
plot 227.433 with lines lc rgb '#808080' lw 1.4 dt 1 title 'FMA peak: 227 GFLOP/s', \
     (225.662*x <= 227.433 ? 225.662*x : NaN) with lines lc rgb '#808080' lw 1.4 dt 2 title 'copy in L2 (512 KiB): 226 GB/s', \
     (455.058*x <= 227.433 ? 455.058*x : NaN) with lines lc rgb '#808080' lw 1.4 dt 3 title 'copy in L1 (16 KiB): 455 GB/s', \
     data index 0 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#0072b2' lw 2 notitle, \
     data index 0 using 1:2 with points lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.6 title 'own best', \
     data index 1 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#d55e00' lw 2 notitle, \
     data index 1 using 1:2 with points lc rgb '#d55e00' lw 2 dt 1 pt 5 ps 0.5 title 'oneDNN'
