"""German for what pydantic says is wrong with a request."""

from collections.abc import Mapping
from typing import Any, Final

from service.german_phrases import number, phrase

# By the `type` of a pydantic error, with the data of its `ctx`.
VALIDATION: Final[Mapping[str, str]] = {
    "json_invalid": "Kein gültiges JSON: {error}",
    "json_type": "JSON muss Text sein",
    "missing": "Das Feld fehlt",
    "extra_forbidden": "Dieses Feld gibt es hier nicht",
    "invalid_key": "Schlüssel müssen Text sein",
    "recursion_loop": "Die Angabe enthält sich selbst",
    "model_type": "Ein Objekt angeben",
    "model_attributes_type": "Ein Objekt angeben",
    "none_required": "null angeben",
    "greater_than": "Die Zahl muss größer als {gt} sein",
    "greater_than_equal": "Die Zahl muss mindestens {ge} sein",
    "less_than": "Die Zahl muss kleiner als {lt} sein",
    "less_than_equal": "Die Zahl darf höchstens {le} sein",
    "multiple_of": "Die Zahl muss ein Vielfaches von {multiple_of} sein",
    "finite_number": "Die Zahl muss endlich sein",
    "too_short": "Zu wenige Einträge ({actual_length}): mindestens {min_length} angeben",
    "too_long": "Zu viele Einträge ({actual_length}): höchstens {max_length} angeben",
    "string_type": "Einen Text angeben",
    "string_unicode": "Gültigen Unicode-Text angeben",
    "string_too_short": "Mindestens {min_length} Zeichen angeben",
    "string_too_long": "Höchstens {max_length} Zeichen angeben",
    "string_pattern_mismatch": "Der Text muss dem Muster {pattern} entsprechen",
    "string_not_ascii": "Nur ASCII-Zeichen angeben",
    "enum": "Eines von diesen angeben: {expected}",
    "literal_error": "Eines von diesen angeben: {expected}",
    "dict_type": "Ein Objekt angeben",
    "mapping_type": "Ein Objekt angeben",
    "list_type": "Eine Liste angeben",
    "tuple_type": "Eine Liste angeben",
    "set_type": "Eine Liste angeben",
    "frozen_set_type": "Eine Liste angeben",
    "iterable_type": "Eine Liste angeben",
    "bool_type": "true oder false angeben",
    "bool_parsing": "true oder false angeben",
    "int_type": "Eine ganze Zahl angeben",
    "int_parsing": "Eine ganze Zahl angeben",
    "int_parsing_size": "Die Zahl ist zu groß",
    "int_from_float": "Eine ganze Zahl angeben, ohne Nachkommastellen",
    "float_type": "Eine Zahl angeben",
    "float_parsing": "Eine Zahl angeben",
    "bytes_type": "Bytes angeben",
    "bytes_too_short": "Mindestens {min_length} Byte angeben",
    "bytes_too_long": "Höchstens {max_length} Byte angeben",
    "bytes_invalid_encoding": "Die Bytes sind nicht gültig kodiert",
    "value_error": "{error}",
    "assertion_error": "{error}",
    "date_type": "Ein Datum angeben",
    "date_parsing": "Ein Datum angeben",
    "time_type": "Eine Uhrzeit angeben",
    "time_parsing": "Eine Uhrzeit angeben",
    "datetime_type": "Einen Zeitpunkt angeben",
    "datetime_parsing": "Einen Zeitpunkt angeben",
    "datetime_from_date_parsing": "Einen Zeitpunkt angeben",
    "timezone_aware": "Den Abstand von UTC mit angeben, etwa Z",
    "union_tag_invalid": "{discriminator} muss eines von diesen sein: {expected_tags}",
    "union_tag_not_found": "{discriminator} fehlt",
    "url_type": "Eine Adresse (URL) angeben",
    "url_parsing": "Eine gültige Adresse (URL) angeben",
    "url_syntax_violation": "Eine gültige Adresse (URL) angeben",
    "url_too_long": "Die Adresse darf höchstens {max_length} Zeichen haben",
    "url_scheme": "Die Adresse muss so beginnen: {expected_schemes}",
    "uuid_type": "Eine UUID angeben",
    "uuid_parsing": "Eine gültige UUID angeben",
}


def validation(error: Mapping[str, Any]) -> str:
    """What an error of pydantic, as its `errors()` lists them, says in German."""
    german = VALIDATION.get(error["type"])
    if german is None:
        return f"Der Wert ist unbrauchbar ({error['msg']})"
    data = {name: _worded(value) for name, value in error.get("ctx", {}).items()}
    return german.format(**data)


def _worded(value: object) -> str:
    if isinstance(value, int | float):
        return number(value)
    return phrase(str(value)).replace("' or '", "' oder '")
