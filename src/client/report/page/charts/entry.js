/* What the program of the page uses of the libraries: it finds them as the object "charts". */
export { default as uPlot } from "uplot";
export { default as flamegraph } from "d3-flame-graph";
export { select } from "d3-selection";
