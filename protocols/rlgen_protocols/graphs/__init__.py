"""What papers on graph networks share: mazes as graphs, batches of graphs, colour refinement."""
