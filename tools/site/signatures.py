"""For griffe, which reads the docstrings: names become links, and what a signature says is not said again below it.

Parameters that share a paragraph ("model, in_sample") would all get the type of the first one.
"""
import pathlib
import re
import sys

import griffe

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from python_reference import exported  # noqa: E402


class OnlyWords(griffe.Extension):
    """Takes types out of the lists of parameters, and results that are nothing but a type."""

    def __init__(self):
        self.names = set(exported(pathlib.Path(__file__).resolve().parents[2] / "python/lobflow"))

    def linked(self, obj):
        """An object's docstring with names of the package as links, but for its own and its parameters'."""
        mine = {obj.name, *(p.name for p in getattr(obj, "parameters", []))}

        def one(match):
            name = match.group(1)
            return match.group(0) if name in mine or name not in self.names else f"[`{name}`][lobflow.{name}]"

        # One example is a section, too.
        text = obj.docstring.value.replace("Example\n-------\n", "Examples\n--------\n")
        return re.sub(r"(?<![`\[\w])`(?:lobflow\.)?(\w+)`(?![`\]])", one, text)

    def on_object(self, *, obj, **_):
        """Called for everything that is loaded."""
        if not (obj.is_function or obj.is_class) or obj.docstring is None:
            return
        obj.docstring.value = self.linked(obj)
        sections = obj.docstring.parse("numpy", warn_missing_types=False)
        kept = []
        for section in sections:
            if section.kind is griffe.DocstringSectionKind.parameters:
                for parameter in section.value:
                    parameter.annotation = parameter.value = None
            if section.kind is not griffe.DocstringSectionKind.returns or any(r.description for r in section.value):
                kept.append(section)
        obj.docstring.__dict__["parsed"] = kept
