# Draw again: gnuplot bytes_per_step_1.gp
if (!exists('output')) output = 'bytes_per_step_1.svg'
data = 'bytes_per_step_1.dat'
set terminal svg size 800,420 fixed enhanced font 'sans-serif,14' name 'bytes_per_step_1'
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
set title 'Bytes of a forward and backward pass, simulated'
set ylabel 'MiB'
set style fill solid 0.8 noborder
set boxwidth 0.2
set yrange [0:*]
set xrange [-0.6:2.4]
set xtics scale 0 noenhanced ('norm=none' 0, 'norm=batch' 1, 'norm=layer' 2)
plot data index 0 using 1:2 with boxes lc rgb '#0072b2' title 'model', \
     data index 1 using 1:2 with boxes lc rgb '#d55e00' title 'into L1', \
     data index 2 using 1:2 with boxes lc rgb '#009e73' title 'into L2', \
     data index 3 using 1:2 with boxes lc rgb '#c56a9d' title 'into L3'
