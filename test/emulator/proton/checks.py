"""Runs checks one after the other and counts them."""

import re
import sys
import traceback


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def run(self, name, check):
        """Runs one check. One that raises has failed; the next ones run all the same."""
        try:
            check()
        except Exception:
            self.fail(name)
        else:
            self.passed += 1
            print(f"✓ {name}", flush=True)

    def group(self, checks_of, emulator):
        """Runs a function that runs checks. It counts only if it does not get to its end."""
        try:
            checks_of(self, emulator)
        except Exception:
            self.fail(f"{checks_of.__name__} broke off")

    def fail(self, name):
        self.failed += 1
        print(f"✗ {name}", flush=True)
        traceback.print_exc(file=sys.stdout)


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r} is not {expected!r}")


def matches(text, pattern):
    if re.search(pattern, text) is None:
        raise AssertionError(f"{text!r} does not match {pattern!r}")


def raises(kind, work):
    """Returns the exception of that kind that the work raises."""
    try:
        work()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")
