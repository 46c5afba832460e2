"""Has an interactive grader of DMOJ that is written in Python talk with a submission, in a box, and answers as an
interactor that is made with testlib does.

Called with the paths of the input, of a file that it does not need, and of the answer, then the points of the case,
its number, and whether its data are binary. Standard input and output are the submission's.
"""

import os
import sys
import traceback
import types

import ask_checker
from ask_checker import CheckerResult, InternalError, NotTold, module, read, utf8bytes, utf8text

MAX_NUMBER_DIGITS = 10000


class WrongAnswer(BaseException):
    """What the submission said is wrong."""


class TestCase:
    """What a grader is told of a test case."""

    def __init__(self, input_data, output_data, points, position, is_binary):
        self._input, self._output = input_data, output_data
        self.points = points
        self.position = position
        self.has_binary_data = is_binary
        self.batch = NotTold("batch")
        self.config = NotTold("config")

    def input_data(self):
        return self._input

    def output_data(self):
        return self._output


class Interactor:
    """Talks with the submission."""

    def __init__(self):
        self._from, self._to = sys.stdin.buffer, sys.stdout.buffer
        self._rest = None
        self.has_heard = False
        self.process = NotTold("process")

    def read(self):
        return self._said(self._from.read())

    def readln(self, strip_newline=True):
        line = self._said(self._from.readline())
        return line.rstrip() if strip_newline else line

    def readtoken(self, delim=None):
        if not self._rest:
            self._rest = self.readln()
        parts = self._rest.split(delim, 1)
        token, self._rest = parts if len(parts) == 2 else (self._rest, None)
        return token

    def readint(self, lo=float("-inf"), hi=float("inf"), delim=None):
        return self._number(int, lo, hi, delim)

    def readfloat(self, lo=float("-inf"), hi=float("inf"), delim=None):
        return self._number(float, lo, hi, delim)

    def write(self, value):
        self._to.write(utf8bytes(str(value)))
        self._to.flush()

    def writeln(self, value):
        self.write(str(value) + "\n")

    def close(self):
        self._to.close()

    def _said(self, text):
        if text == b"":
            raise IOError("the submission says nothing more")
        self.has_heard = True
        return text

    def _number(self, kind, lo, hi, delim):
        token = self.readtoken(delim)
        if len(token) > MAX_NUMBER_DIGITS:
            raise WrongAnswer("the number is too long")
        try:
            number = kind(token)
        except ValueError:
            shown = token[:10].decode("utf-8", "replace")
            raise WrongAnswer("expected %s, got %r" % (kind.__name__, shown))
        if not lo <= number <= hi:
            raise WrongAnswer("expected a number from %s to %s, got %s" % (lo, hi, number))
        return number


class StandardGrader:
    """What graders begin with; of DMOJ's own nothing but this is here."""

    def __init__(self, judge, problem, language, source):
        self.judge, self.problem = judge, problem
        self.language, self.source = language, source


class InteractiveGrader(StandardGrader):
    """A grader that only talks."""

    def interact(self, case, interactor):
        raise NotImplementedError


class Result:
    """Names of what a case can come to."""

    AC, WA, RTE, TLE, MLE, IR, SC, OLE, IE = 0, 1, 2, 4, 8, 16, 32, 64, 1 << 30


def offer_modules():
    ask_checker.offer_modules()
    sys.modules["dmoj.result"].Result = Result
    graders = dict(InteractiveGrader=InteractiveGrader, StandardGrader=StandardGrader)
    module("dmoj.graders", **graders)
    module("dmoj.graders.standard", StandardGrader=StandardGrader)
    module(
        "dmoj.graders.interactive",
        EOF=b"",
        Interactor=Interactor,
        WrongAnswer=WrongAnswer,
        **graders
    )
    module("dmoj.problem", TestCase=TestCase)


def grader_of(name):
    source = read(name)
    grader = types.ModuleType("grader")
    sys.modules["grader"] = grader
    exec(compile(source, name, "exec"), grader.__dict__)
    if not issubclass(grader.Grader, InteractiveGrader):
        raise InternalError("only graders that are an InteractiveGrader can be asked")
    for change in ("grade", "check_result", "populate_result", "_launch_process",
                   "_interact_with_process", "_generate_binary"):
        if hasattr(grader.Grader, change):
            raise InternalError("graders cannot have a %s of their own, only interact" % change)
    told = [NotTold(what) for what in ("judge", "problem", "language", "source")]
    return grader.Grader(*told)


def interact(grader, case):
    """What the grader says, and its feedback."""
    interactor = Interactor()
    try:
        said = grader.interact(case, interactor)
        interactor.close()
    except WrongAnswer as wrong:
        return False, str(wrong)
    except IOError as error:
        return False, str(error)
    except (ValueError, LookupError) as error:
        # Graders read what submissions say without much care: that must not stop the problem.
        if not interactor.has_heard:
            raise
        return False, "the grader could not read this: " + repr(error)
    return said, None


def main():
    input_path, _, answer_path, points, position, is_binary = sys.argv[1:7]
    offer_modules()
    grader = grader_of("grader.py")
    point_value = float(points)
    case = TestCase(
        read(input_path), read(answer_path), point_value, int(position), is_binary == "true"
    )
    said, feedback = interact(grader, case)
    if not isinstance(said, CheckerResult):
        said = CheckerResult(bool(said), point_value if said else 0, feedback)
    message = utf8text(said.feedback or said.extended_feedback or "", "replace")
    message = " ".join(message.split())
    if said.points >= point_value if point_value > 0 else said.passed:
        code, answer = 0, "ok"
    elif said.points > 0:
        code, answer = 7, "points %r" % float(said.points)
    else:
        code, answer = 1, "wrong answer"
    sys.stderr.write(answer + " " + message + "\n")
    sys.stderr.flush()
    # What a closed pipe would still have to say at the end is nothing.
    os._exit(code)


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        # Python would end with 1, which says that the submission is wrong.
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(3)
