"""Has a grader of DMOJ that is written in Python run a submission once, in a box, and answers as an interactor that is
made with testlib does.

Called with the paths of the input, of a file that it does not need, and of the answer, then the points of the case,
its number, and whether its data are binary. Standard input and output are the submission's, whose limits and end are
the judge's affair: graders are told that it ended well.
"""

import inspect
import io
import os
import sys
import threading
import traceback
import types

import ask_checker
from ask_checker import CheckerResult, InternalError, NotTold, module, read, utf8bytes, utf8text

MAX_NUMBER_DIGITS = 10000

# What problems of DMOJ get, who do not say it themselves: seconds and KiB.
TIME_LIMIT, MEMORY_LIMIT = 2, 256 << 10

# Whatever graders print is for nobody: standard error has the answer alone.
ANSWERS, sys.stderr = sys.stderr, open(os.devnull, "w")
sys.stdout = open(os.devnull, "w")


class WrongAnswer(BaseException):
    """What the submission said is wrong."""


class Result:
    """What a case comes to, and names of that."""

    AC, WA, RTE, TLE, MLE, IR, SC, OLE, IE = 0, 1, 2, 4, 8, 16, 32, 64, 1 << 30

    def __init__(self, case, result_flag=0, execution_time=0, proc_output=b"", points=0, **others):
        self.case = case
        self.result_flag = result_flag
        self.execution_time = execution_time
        self.proc_output = proc_output
        self.points = points
        self.feedback = self.extended_feedback = ""
        self.__dict__.update(others)


class TestCase:
    """What a grader is told of a test case."""

    def __init__(self, input_data, output_data, points, position, is_binary):
        self._input, self._output = input_data, output_data
        self.points = points
        self.position = position
        self.has_binary_data = is_binary
        self.batch = NotTold("batch")
        self.config = types.SimpleNamespace(
            wall_time_factor=3, output_limit_length=24 << 20, symlinks={}, points=points
        )

    def input_data(self):
        return self._input

    def input_data_io(self):
        return io.BytesIO(self._input)

    def output_data(self):
        return self._output

    def free_data(self):
        pass


class ToSubmission:
    """Its standard input. The end of it is seen only when the pipe itself is closed."""

    def __init__(self):
        self.closed = False

    def write(self, text):
        view = memoryview(utf8bytes(text))
        while view:
            view = view[os.write(1, view):]

    def flush(self):
        pass

    def close(self):
        if not self.closed:
            self.closed = True
            os.close(1)


class FromSubmission:
    """Its standard output, and whether anything of it was heard."""

    def __init__(self):
        self._pipe = sys.stdin.buffer
        self.has_said = False

    def read(self, *size):
        return self._heard(self._pipe.read(*size))

    def readline(self):
        return self._heard(self._pipe.readline())

    def __iter__(self):
        return iter(self.readline, b"")

    def close(self):
        pass

    def _heard(self, text):
        self.has_said = self.has_said or bool(text)
        return text


class Process:
    """The submission as a process."""

    def __init__(self, input_data=None):
        self.stdin, self.stdout, self.stderr = ToSubmission(), FromSubmission(), io.BytesIO()
        self.returncode = 0
        self._input = input_data

    def communicate(self, input=None, **limits):
        def give():
            try:
                self.stdin.write(self._input if input is None else input)
            except OSError:
                # It ended without reading everything, which is no mistake.
                pass
            self.stdin.close()

        # It may answer before it has read everything.
        giver = threading.Thread(target=give, daemon=True)
        giver.start()
        output = self.stdout.read()
        giver.join()
        return output, b""

    safe_communicate = communicate

    def wait(self):
        self.stdout.read()
        return 0

    def kill(self):
        self.stdin.close()

    def __getattr__(self, name):
        raise InternalError("graders are not told the %s of a submission" % name)


class Binary:
    """The submission as a program, which is run once."""

    def __init__(self):
        self.process = None

    def launch(self, *arguments, stdin=None, **settings):
        if arguments:
            raise InternalError("graders cannot give arguments to submissions")
        if self.process:
            raise InternalError("a grader can run a submission once only")
        self.process = Process(stdin.read() if hasattr(stdin, "read") else b"")
        return self.process

    def populate_result(self, error, result, process):
        pass


class Interactor:
    """Talks with the submission."""

    def __init__(self, process):
        self.process = process
        self._rest = None

    def read(self):
        return self._said(self.process.stdout.read())

    def readln(self, strip_newline=True):
        line = self._said(self.process.stdout.readline())
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
        self.process.stdin.write(str(value))

    def writeln(self, value):
        self.write(str(value) + "\n")

    def close(self):
        self.process.stdin.close()

    def _said(self, text):
        if text == b"":
            raise IOError("the submission says nothing more")
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


class BaseGrader:
    """A grader that does everything itself."""

    def __init__(self, judge, problem, language, source):
        self.judge, self.problem = judge, problem
        self.language, self.source = language, source
        self.binary = Binary()
        self._current_proc = None

    def grade(self, case):
        raise NotImplementedError


class StandardGrader(BaseGrader):
    """A grader that runs the submission and has its output checked. Graders change parts of it."""

    def grade(self, case):
        result = Result(case)
        call(self._launch_process, case, case.input_data_io())
        error = call(self._interact_with_process, case, result, case.input_data())
        self.populate_result(error, result, self._current_proc)
        check = self.check_result(case, result)
        if not isinstance(check, CheckerResult):
            check = CheckerResult(bool(check), case.points if check else 0)
        result.result_flag |= Result.AC if check.passed else Result.WA
        result.points = check.points
        result.feedback = check.feedback or result.feedback
        result.extended_feedback = check.extended_feedback or result.extended_feedback
        return result

    def populate_result(self, error, result, process):
        pass

    def check_result(self, case, result):
        return ask_checker.check_standard(result.proc_output, case.output_data())

    def _launch_process(self, case, input_file=None):
        self._current_proc = self.binary.launch(stdin=input_file)

    def _interact_with_process(self, case, result, input=None):
        result.proc_output, error = self._current_proc.communicate(input)
        return error


class InteractiveGrader(StandardGrader):
    """A grader that talks."""

    def interact(self, case, interactor):
        raise NotImplementedError

    def check_result(self, case, result):
        return self.check

    def _interact_with_process(self, case, result, input=None):
        interactor = Interactor(self._current_proc)
        self.check = CheckerResult(False, 0)
        try:
            said = self.interact(case, interactor)
            interactor.close()
            self.check = said
        except (WrongAnswer, IOError) as wrong:
            self.check = CheckerResult(False, 0, str(wrong))
        return b""


def call(method, *arguments):
    """Older graders are called with other arguments than newer ones."""
    takes = len(inspect.signature(method).parameters)
    return method(*arguments[:takes])


def offer_modules():
    ask_checker.offer_modules()
    sys.modules["dmoj.result"].Result = Result
    graders = dict(
        BaseGrader=BaseGrader, InteractiveGrader=InteractiveGrader, StandardGrader=StandardGrader
    )
    module("dmoj.graders", **graders)
    module("dmoj.graders.base", BaseGrader=BaseGrader)
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
    if not issubclass(grader.Grader, BaseGrader):
        raise InternalError("a grader must be a StandardGrader or an InteractiveGrader")
    judge, language, source = [NotTold(what) for what in ("judge", "language", "source")]
    problem = types.SimpleNamespace(time_limit=TIME_LIMIT, memory_limit=MEMORY_LIMIT)
    return grader.Grader(judge, problem, language, source)


def graded(grader, case):
    """What the grader makes of the case."""
    try:
        result = grader.grade(case)
    except WrongAnswer as wrong:
        result = Result(case, Result.WA)
        result.feedback = str(wrong)
    except (ValueError, LookupError) as error:
        # Graders read what submissions say without much care: that must not stop the problem.
        process = grader.binary.process
        if not process or not process.stdout.has_said:
            raise
        result = Result(case, Result.WA)
        result.feedback = "the grader could not read this: " + repr(error)
    if not isinstance(result, Result) or result.result_flag & Result.IE:
        raise InternalError("the grader gives no result")
    return result


def main():
    input_path, _, answer_path, points, position, is_binary = sys.argv[1:7]
    offer_modules()
    grader = grader_of("grader.py")
    point_value = float(points)
    case = TestCase(
        read(input_path), read(answer_path), point_value, int(position), is_binary == "true"
    )
    result = graded(grader, case)
    message = utf8text(result.feedback or result.extended_feedback or "", "replace")
    message = " ".join(message.split())
    passed = result.result_flag == Result.AC
    if passed and (result.points >= point_value or point_value == 0):
        code, answer = 0, "ok"
    elif result.points > 0:
        code, answer = 7, "points %r" % float(result.points)
    else:
        code, answer = 1, "wrong answer"
    ANSWERS.write(answer + " " + message + "\n")
    ANSWERS.flush()
    # What a closed pipe would still have to say at the end is nothing.
    os._exit(code)


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        # Python would end with 1, which says that the submission is wrong.
        traceback.print_exc(file=ANSWERS)
        ANSWERS.flush()
        os._exit(3)
