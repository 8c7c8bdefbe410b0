"""Each lint is one TAP line; its complaints follow as comments."""
import sys


def run(lints):
    """lints: (name, complaints) pairs. Exits."""
    failed = 0
    print(f"1..{len(lints)}")
    for number, (name, complaints) in enumerate(lints, 1):
        failed += bool(complaints)
        print(f"{'not ok' if complaints else 'ok'} {number} - {name}")
        for complaint in complaints:
            print(f"# {complaint}")
    sys.exit(1 if failed else 0)
