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
set xlabel noenhanced textcolor rgb '#6e7781' offset 0,0.9
set ylabel noenhanced textcolor rgb '#6e7781'
set cblabel noenhanced textcolor rgb '#6e7781'
set style fill transparent solid 0.18 noborder
set datafile missing '?'
set output output
set title 'Roofline'
set logscale xy
unset mxtics
unset mytics
set xlabel 'FLOP per byte of compulsory traffic'
set ylabel 'GFLOP/s'
set format xy '%g'
plot 217.08 with lines lc rgb '#808080' lw 1.2 dt 1 title 'FMA f32 avx512, 1 thread, 1 thr.: 217 GFLOP/s', \
     (437.925*x <= 456.373 ? 437.925*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 2 title '45.3 KiB, 2 reads 1 write, 1 thread, 1 thr.: 438 GB/s', \
     (112.201*x <= 456.373 ? 112.201*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 3 title '512 KiB, 2 reads 1 write, 1 thread, 1 thr.: 112 GB/s', \
     (92.5993*x <= 456.373 ? 92.5993*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 4 title '512 KiB, 1 read 1 write, 1 thread, 1 thr.: 92.6 GB/s', \
     (167.552*x <= 456.373 ? 167.552*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 5 title '431 KiB, 2 reads 0 writes, 1 thread, 1 thr.: 168 GB/s', \
     (93.2151*x <= 456.373 ? 93.2151*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 1 title '431 KiB, 1 read 1 write, 1 thread, 1 thr.: 93.2 GB/s', \
     (49.3187*x <= 456.373 ? 49.3187*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 2 title '2.38 MiB, 1 read 0 writes, 1 thread, 1 thr.: 49.3 GB/s', \
     (46.3426*x <= 456.373 ? 46.3426*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 3 title '2.38 MiB, 1 read 1 write, 1 thread, 1 thr.: 46.3 GB/s', \
     (409.023*x <= 456.373 ? 409.023*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 4 title '16 KiB, 1 read 1 write, 1 thread, 1 thr.: 409 GB/s', \
     (429.67*x <= 456.373 ? 429.67*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 5 title '22.6 KiB, 2 reads 1 write, 1 thread, 1 thr.: 430 GB/s', \
     (93.0817*x <= 456.373 ? 93.0817*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 1 title '256 KiB, 1 read 1 write, 1 thread, 1 thr.: 93.1 GB/s', \
     (109.531*x <= 456.373 ? 109.531*x : NaN) with lines lc rgb '#808080' lw 1.2 dt 2 title '362 KiB, 2 reads 1 write, 1 thread, 1 thr.: 110 GB/s', \
     data index 0 using 1:2 with points lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.8 title 'own best', \
     data index 1 using 1:2 with points lc rgb '#d55e00' lw 2 dt 1 pt 5 ps 0.8 title 'oneDNN'
