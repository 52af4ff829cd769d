# Draw again: gnuplot scaling_1_1.gp
if (!exists('output')) output = 'scaling_1_1.svg'
data = 'scaling_1_1.dat'
set terminal svg size 800,460 fixed enhanced font 'sans-serif,14' name 'scaling_1_1'
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
set title 'Speed-up against the same row on one thread'
set xlabel 'threads'
set ylabel 'speed-up, median and 95 % interval'
set key maxcols 1
set xtics 1
set yrange [0:*]
plot x with lines lc rgb '#808080' dt 3 title 'ideal', \
     data index 0 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#0072b2' lw 2 notitle, \
     data index 0 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.7 title 'dense/fwd/avx512/batch:128/in:256/out:256/weights:plain', \
     data index 1 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#d55e00' lw 2 notitle, \
     data index 1 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt 1 pt 5 ps 0.7 title 'dense/fwd/onednn/batch:128/in:256/out:256/weights:plain', \
     data index 2 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#009e73' lw 2 notitle, \
     data index 2 using 1:2 with linespoints lc rgb '#009e73' lw 2 dt 1 pt 9 ps 0.7 title 'gelu/fwd/avx512/batch:512/width:512', \
     data index 3 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#c56a9d' lw 2 notitle, \
     data index 3 using 1:2 with linespoints lc rgb '#c56a9d' lw 2 dt 1 pt 13 ps 0.7 title 'gelu/fwd/onednn/batch:512/width:512', \
     data index 4 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#c98a00' lw 2 notitle, \
     data index 4 using 1:2 with linespoints lc rgb '#c98a00' lw 2 dt 1 pt 11 ps 0.7 title 'layer_norm/fwd/avx512/batch:512/width:512', \
     data index 5 using 1:3:(0):($4-$3) with vectors nohead lc rgb '#4fa3d8' lw 2 notitle, \
     data index 5 using 1:2 with linespoints lc rgb '#4fa3d8' lw 2 dt 1 pt 6 ps 0.7 title 'layer_norm/fwd/onednn/batch:512/width:512'
