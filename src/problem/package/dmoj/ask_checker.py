"""Asks a checker of DMOJ that is written in Python, in a box, and answers as a checker of CMS does.

Called with the paths of the input, the answer and the output, then the points of the case, its number, and
whether its data are binary.
"""

import json
import sys
import types


class CheckerResult:
    """What a checker says beyond right or wrong."""

    def __init__(self, passed, points, feedback=None, extended_feedback=None):
        self.passed = passed
        self.points = points
        self.feedback = feedback
        self.extended_feedback = extended_feedback


class InternalError(Exception):
    """The checker cannot judge."""


class NotTold:
    """What DMOJ would tell a checker, and nobody knows here: to use it is an error."""

    def __init__(self, name):
        object.__setattr__(self, "_name", name)

    def __getattr__(self, attribute):
        raise InternalError("neither checkers nor graders are told " + self._name)

    def __bool__(self):
        raise InternalError("neither checkers nor graders are told " + self._name)


def utf8bytes(text):
    return text.encode("utf-8") if isinstance(text, str) else text


def utf8text(text, errors="strict"):
    return text.decode("utf-8", errors) if isinstance(text, bytes) else text


def lines(text):
    """Lines that are not empty."""
    return [line for line in utf8bytes(text).replace(b"\r", b"\n").split(b"\n") if line]


def check_standard(process_output, judge_output, **kwargs):
    def words(text):
        return [line.split() for line in lines(text) if line.split()]

    return words(process_output) == words(judge_output)


def check_easy(process_output, judge_output, **kwargs):
    def letters(text):
        return sorted(b"".join(utf8bytes(text).split()).lower())

    return letters(process_output) == letters(judge_output)


def check_linecount(process_output, judge_output, point_value, feedback=True, **kwargs):
    given, wanted = lines(process_output), lines(judge_output)
    if len(given) > len(wanted):
        return False
    if not wanted:
        return True
    right = [one.strip() == other.strip() for one, other in zip(given, wanted)]
    count = sum(right)
    marks = "".join("+" if is_right else "-" for is_right in right).ljust(len(wanted), "-")
    message = "lines: " + marks if feedback else None
    return CheckerResult(count == len(wanted), point_value * count / len(wanted), message)


def check_linematches(
    process_output,
    judge_output,
    point_value=1,
    point_distribution=(1,),
    filler_lines_required=True,
    **kwargs
):
    given, wanted = lines(process_output), lines(judge_output)
    if len(wanted) != len(point_distribution):
        raise InternalError("point_distribution must have a number for each line of the answer")
    whole = sum(point_distribution)
    if whole <= 0:
        raise InternalError("the numbers of point_distribution must be above 0 together")
    if filler_lines_required and len(given) != len(wanted):
        return False
    pairs = zip(given, wanted, point_distribution)
    points = sum(share for one, other, share in pairs if one == other)
    return CheckerResult(points > 0, point_value * points / whole)


BUILT_IN = {
    "easy": check_easy,
    "linecount": check_linecount,
    "linematches": check_linematches,
}


def module(name, **members):
    made = types.ModuleType(name)
    made.__path__ = []
    made.__dict__.update(members)
    sys.modules[name] = made
    parent, _, own = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own, made)


def offer_modules():
    """The parts of DMOJ that checkers import."""
    module("dmoj")
    module("dmoj.error", InternalError=InternalError)
    module("dmoj.result", CheckerResult=CheckerResult)
    module("dmoj.utils")
    module("dmoj.utils.unicode", utf8bytes=utf8bytes, utf8text=utf8text)
    module("dmoj.checkers")
    module("dmoj.checkers.standard", check=check_standard)
    for name, check in BUILT_IN.items():
        module("dmoj.checkers." + name, check=check)


def check_of(name):
    if name in BUILT_IN:
        return BUILT_IN[name]
    with open(name, "rb") as file:
        source = file.read()
    checker = types.ModuleType("checker")
    exec(compile(source, name, "exec"), checker.__dict__)
    return checker.check


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    input_path, answer_path, output_path, points, position, is_binary = sys.argv[1:7]
    settings = json.loads(read("checker.json"))
    offer_modules()
    check = check_of(settings["name"])
    point_value = float(points)
    told = dict(
        judge_input=read(input_path),
        point_value=point_value,
        case_position=int(position),
        binary_data=is_binary == "true",
    )
    for name in (
        "submission_source",
        "submission_language",
        "execution_time",
        "problem_id",
        "batch",
        "case",
        "result",
    ):
        told[name] = NotTold(name)
    told.update(settings["arguments"])
    try:
        said = check(read(output_path), read(answer_path), **told)
    except UnicodeDecodeError:
        said = CheckerResult(False, 0, "the output is no UTF-8")
    if not isinstance(said, CheckerResult):
        said = CheckerResult(bool(said), point_value if said else 0)
    if point_value > 0:
        outcome = min(max(said.points / point_value, 0.0), 1.0)
    else:
        outcome = 1.0 if said.passed else 0.0
    message = utf8text(said.feedback or said.extended_feedback or "", "replace")
    print(repr(outcome))
    print(" ".join(message.split()), file=sys.stderr)


if __name__ == "__main__":
    main()
