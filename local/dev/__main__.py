"""Inside the environment: the commands of dev.py."""

from __future__ import annotations

import argparse
import sys


def main() -> int:
    """Run the command that the arguments name."""
    parser = argparse.ArgumentParser(prog="dev.py", description="Run, test and measure Hunter Partner Center Sync.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="the whole product on this machine, until Ctrl-C")
    run.add_argument("--port", type=int, default=7071, help="the page's port (7071)")
    run.add_argument("--referrals", type=int, default=739, help="how many simulated referrals (739)")
    run.add_argument("--live", action="store_true", help="the real Partner Center, by local.settings.json")
    commands.add_parser(
        "test",
        help="all checks and tests (--quick: the fast ones); other arguments go to pytest alone",
        add_help=False,
    )
    commands.add_parser("bench", help="the benchmarks; arguments go to them", add_help=False)
    commands.add_parser("check", help="style and types alone")
    commands.add_parser("docs", help="write the tables of the documents from the code")
    commands.add_parser("lock", help="compile the requirements files anew")
    arguments, rest = parser.parse_known_args()
    if arguments.command in {"run", "check", "docs", "lock"} and rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if arguments.command == "run":
        from local.dev.run import run as start

        return start(arguments)
    from local.dev import gates

    match arguments.command:
        case "test":
            return gates.test(rest)
        case "bench":
            return gates.bench(rest)
        case "check":
            return gates.check()
        case "docs":
            from local.dev import docs

            return docs.write()
    return gates.lock()


if __name__ == "__main__":
    sys.exit(main())
