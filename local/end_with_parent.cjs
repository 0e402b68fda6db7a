// Loaded into Node by `--require`: standard input is a pipe held open by the process that started this one.
// When that process ends in any way, even by SIGKILL, the pipe closes and this process ends itself as Ctrl-C would.
process.stdin.on("end", () => process.kill(process.pid, "SIGINT"));
process.stdin.on("error", () => process.kill(process.pid, "SIGINT"));
process.stdin.resume();
process.stdin.unref?.();
