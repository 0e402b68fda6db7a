"""The benchmarks' steady figures."""
