# Draw again: gnuplot gradient_steps_1_3.gp
if (!exists('output')) output = 'gradient_steps_1_3.svg'
data = 'gradient_steps_1_3.dat'
set terminal svg size 800,360 fixed enhanced font 'sans-serif,14' name 'gradient_steps_1_3'
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
set palette defined (0 '#2d0a4e', 1 '#5e3c99', 2 '#9d8fc8', 3 '#e8e8e8', 4 '#e0932f')
set cblabel 'log10 of the gradient norm'
set colorbox noborder
unset grid
set border 0
set style fill solid 1 noborder
set xlabel 'step'
set ylabel 'layer (1 = nearest the input)'
set title 'PReLU units do not die' noenhanced
set xrange [-0.5:99.5]
set yrange [6.5:0.5]
set xtics scale 0 ('1' 0, '13' 12, '25' 24, '37' 36, '49' 48, '61' 60, '73' 72, '85' 84, '97' 96)
plot data using 1:2:(0.5):(0.5):3 with boxxyerror lc palette fs solid 1 noborder notitle
