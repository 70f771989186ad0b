"""For griffe, which reads the docstrings: what a signature says is not said again below it, and never wrongly.

Parameters that share a paragraph ("model, in_sample") would all get the type of the first one.
"""
import griffe


class OnlyWords(griffe.Extension):
    """Takes types out of the lists of parameters, and results that are nothing but a type."""

    def on_object(self, *, obj, **_):
        """Called for everything that is loaded."""
        if not (obj.is_function or obj.is_class) or obj.docstring is None:
            return
        sections = obj.docstring.parse("numpy", warn_missing_types=False)
        kept = []
        for section in sections:
            if section.kind is griffe.DocstringSectionKind.parameters:
                for parameter in section.value:
                    parameter.annotation = parameter.value = None
            if section.kind is not griffe.DocstringSectionKind.returns or any(r.description for r in section.value):
                kept.append(section)
        obj.docstring.__dict__["parsed"] = kept
