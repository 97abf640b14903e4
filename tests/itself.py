"""Says how it was started, and ends as it is told. Run as a script."""

import atexit
import os
import signal
import sys
import threading

if __name__ == "__main__":
    atexit.register(print, "let go")
    print(sys.argv[1:], os.environ.get("TOLD"), os.environ.get("PATH"), os.getcwd(), sys.stdin.read())  # noqa: PTH109
    print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), len(threading.enumerate()))
    print("an error", file=sys.stderr)
    match sys.argv[1]:
        case "number":
            sys.exit(70)
        case "sentence":
            sys.exit("It ends.")
        case "thread":
            threading.Timer(0.1, print, ["a thread ends"]).start()
        case "wait":
            print("waiting", flush=True)
            signal.pause()
