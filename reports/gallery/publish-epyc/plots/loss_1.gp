# Draw again: gnuplot loss_1.gp
if (!exists('output')) output = 'loss_1.svg'
data = 'loss_1.dat'
set terminal svg size 800,400 fixed enhanced font 'sans-serif,14' name 'loss_1'
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
set title 'Loss'
set xlabel 'step'
set ylabel 'loss'
set yrange [0:*]
plot data index 0 using 1:2 with lines lc rgb '#0072b2' lw 2 dt 1 title 'sigmoid, xavier_normal, adamw, depth 32', \
     data index 1 using 1:2 with lines lc rgb '#d55e00' lw 2 dt 1 title 'relu, he_normal, adamw, depth 32', \
     data index 2 using 1:2 with lines lc rgb '#009e73' lw 2 dt 1 title 'relu, he_normal, layer, residual, adamw, depth 32'
