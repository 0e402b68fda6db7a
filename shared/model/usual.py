"""A quick way to read the records that are as Microsoft documents them, as nearly all are.

The structs have the fields of the models of ``resource``, with the same rules, and are made of those, so that the two can't
drift apart. They take only what pydantic takes as it stands. Whatever else comes, such as a number for a text or a day that is
none, is refused here and read by pydantic, which knows what to make of it and how to name what can't be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Any, Final, Union, cast, get_args, get_origin

import msgspec
from pydantic import AfterValidator, BeforeValidator
from pydantic.fields import FieldInfo

from shared.model.resource import Referral, Resource

_Rule = Callable[[Any], Any]
_REFUSED: Final = (
    re.compile(rb'_[\w\\]*"\s*:'),  # pydantic takes a field by its name with an underscore, too
    re.compile(rb"\\u005[fF]"),  # which may be written so
    re.compile(rb"\xed[\xa0-\xbf]"),  # half a surrogate
)
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)


def read(record: Mapping[str, Any], raw: bytes) -> Referral | None:
    """A record with the attributes of ``Referral``; None where it has to be read the long way.

    Args:
        record: its content, with exact decimals, and without odd letters.
        raw: the record as received.
    """
    if any(refused.search(raw) for refused in _REFUSED):
        return None
    try:
        return cast(Referral, msgspec.convert(record, _USUAL))
    except msgspec.ValidationError:
        return None


@cache
def _struct_of(model: type[Resource]) -> type[msgspec.Struct]:
    fields = model.model_fields
    # A field without which there is no record comes first, as in any call.
    made: list[Any] = [(name, field.annotation) for name, field in fields.items() if field.is_required()]
    made += [
        (
            name,
            _type_before(field),
            msgspec.field(default_factory=list) if field.default_factory else None,
        )
        for name, field in fields.items()
        if not field.is_required()
    ]
    return msgspec.defstruct(
        model.__name__,
        made,
        rename={name: field.alias or name for name, field in fields.items()},
        namespace={"__post_init__": _keep_rules(fields)},
        gc=False,
    )


def _type_before(field: FieldInfo) -> Any:
    """What a value may be before the field's own rules are kept; one of them makes a list of an object."""
    type_of = _type_of(field.annotation)
    return type_of | dict[str, Any] if field.default_factory and len(field.metadata) > 1 else type_of


def _type_of(annotation: Any) -> Any:
    """A type with structs for models; an amount is looked at by its rules alone."""
    if isinstance(annotation, type) and issubclass(annotation, Resource):
        return _struct_of(annotation)
    if annotation is Decimal:
        return Any
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        return reduce(or_, map(_type_of, parts))
    return list[_type_of(parts[0])] if origin is list else annotation  # type: ignore[misc]


def _keep_rules(fields: Mapping[str, FieldInfo]) -> Callable[[msgspec.Struct], None]:
    """What keeps the rules of a model's fields, once a struct has its values; raises ValueError where one is broken."""
    ruled = [
        (name, rules, bool(field.default_factory)) for name, field in fields.items() if (rules := _rules_of(field))
    ]

    def keep(struct: msgspec.Struct) -> None:
        for name, rules, may_not_be_none in ruled:
            value = getattr(struct, name)
            if value is not None or may_not_be_none:
                for rule in rules:
                    value = rule(value)
                setattr(struct, name, value)

    return keep


def _rules_of(field: FieldInfo) -> tuple[_Rule, ...]:
    before = [cast(_Rule, rule.func) for rule in field.metadata if isinstance(rule, BeforeValidator)]
    after = [cast(_Rule, rule.func) for rule in field.metadata if isinstance(rule, AfterValidator)]
    between = _decimal if Decimal in get_args(field.annotation) else _no_object
    return (*before, *([between] if before else []), *after)


def _decimal(value: object) -> Decimal | None:
    if value is None or isinstance(value, Decimal):
        return value
    if not (isinstance(value, int) or (isinstance(value, str) and _NUMBER.fullmatch(value))):
        raise ValueError
    return Decimal(value)


def _no_object(value: object) -> object:
    """The rule before this one may have made something of an object; what it left cannot be read here."""
    if isinstance(value, dict):
        raise ValueError
    return value


_USUAL: Final = _struct_of(Referral)
_decoder: Final = msgspec.json.Decoder(_USUAL)
"""Makes all that the library has to know of the structs: two threads that make it at once end the process."""
