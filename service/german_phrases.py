"""German for the reasons that errors give in English words of their own."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

# `{}` stands for any text: a phrase of its own, a number, or a name, which stays.
PHRASES: Final[Mapping[str, str]] = {
    # of values
    "is no ISO 639 code: give one such as de": "ist kein Kürzel aus ISO 639: eines wie de angeben",
    "has {} characters; give 1 to {}": "hat {} Zeichen; 1 bis {} angeben",
    "holds the character NUL: leave it out": "enthält das Zeichen NUL: es weglassen",
    "would have {} bytes; the limit is {}. Remove some of its keys": (
        "hätten {} Byte; die Grenze ist {}. Einige ihrer Schlüssel entfernen"
    ),
    "is not 64 lower-case hexadecimal digits": "besteht nicht aus 64 kleinen hexadezimalen Ziffern",
    "is not JSON: {}": "ist kein JSON: {}",
    "needs a finite shift and a positive, finite scale": (
        "braucht eine endliche Verschiebung und einen endlichen Maßstab über null"
    ),
    "is {}; it must be at least 1": "ist {}; es muss mindestens 1 sein",
    "is not Unicode text: replace its lone surrogates": (
        "ist kein Unicode-Text: die einzelnen Surrogate ersetzen"
    ),
    "has {} vectors; give 1 to {}": "hat {} Vektoren; 1 bis {} angeben",
    "has a weight that is zero or not finite: leave that vector out": (
        "hat ein Gewicht, das null oder nicht endlich ist: diesen Vektor weglassen"
    ),
    # of files and of what has none
    "Permission denied": "der Zugriff ist verboten",
    "No such file or directory": "sie ist nicht da",
    "Input/output error": "sie steht auf einem schadhaften Datenträger",
    "unknown reason": "der Grund ist unbekannt",
    "without a content type": "ohne Angabe ihrer Art (Content-Type)",
    # of URLs
    "it is none": "es ist keine",
    "it does not begin with https:// or http:// and a server's name": (
        "sie beginnt nicht mit https:// oder http:// und dem Namen eines Servers"
    ),
    "it holds credentials": "sie enthält Zugangsdaten",
    "it has {} characters, and the limit is {}": "sie hat {} Zeichen, und die Grenze ist {}",
    "it leads to what is none": "sie leitet weiter auf etwas, das keine ist",
    "it leads on more than {} times": "sie leitet mehr als {} Mal weiter",
    "it took longer than the limit of {} seconds": "es dauerte länger als die Grenze von {} Sekunden",
    "port {} is not one of a public web server": "Port {} ist keiner eines öffentlichen Webservers",
    "{} is no public server": "{} ist kein öffentlicher Server",
    "there is no server {}": "es gibt keinen Server {}",
    "the server answered {} and not where it leads to": "der Server antwortete {}, ohne zu sagen, wohin",
    "the server answered {}": "der Server antwortete {}",
    "the server could not be reached": "der Server war nicht zu erreichen",
    "the answer broke off": "die Antwort brach ab",
    # of archives and their entries
    "it is none of a kind that is known here": "es ist von keiner bekannten Art",
    "it is truncated or damaged": "es ist abgeschnitten oder beschädigt",
    "it unpacks to far more than it is itself": "entpackt wäre es um ein Vielfaches größer",
    "it has more than {} entries": "es hat mehr als {} Einträge",
    "its list of entries is too long": "sein Verzeichnis ist zu lang",
    "its entries lie over one another": "seine Einträge überlappen einander",
    "the service no longer has it": "der Dienst hat es nicht mehr",
    "it is no ordinary file": "er ist keine gewöhnliche Datei",
    "it is a link or a device": "er ist ein Verweis oder ein Gerät",
    "it is encrypted": "er ist verschlüsselt",
    "it is packed in another way than Deflate": "er ist anders als mit Deflate gepackt",
    "it is damaged, or packed in an unknown way": "er ist beschädigt oder auf unbekannte Weise gepackt",
    "it is an archive within the archive": "er ist ein Archiv im Archiv",
    "its name leads out of the archive": "sein Name führt aus dem Archiv hinaus",
    # of bundles
    "it misses {}, though {} tells of it": "{} fehlt, obwohl {} davon berichtet",
    "its {} is too large": "{} darin ist zu groß",
    "its {}: {}": "{} darin: {}",
    "cannot be read: {}": "lässt sich nicht lesen: {}",
    "is no array of numbers": "ist kein Feld von Zahlen",
    "is not of the format {} {}, the one that this release knows": (
        "hat nicht das Format {} {}, das diese Ausgabe kennt"
    ),
    "is not a JSON object": "ist kein JSON-Objekt",
    "is nested too deeply": "ist zu tief geschachtelt",
    "line {}: {}": "Zeile {}: {}",
    "line {} has the external id of another": "Zeile {} hat die externe Id einer anderen",
    "has {} lines instead of {}": "hat {} Zeilen statt {}",
    "has {} captions instead of {}": "hat {} Bildunterschriften statt {}",
    "is not UTF-8": "ist kein UTF-8",
    "holds {} {} instead of {} float32": "enthält {} {} statt {} float32",
    "row {} {}": "Zeile {} {}",
    "has the shape {}": "hat die Form {}",
    "is of {}": "ist von der Art {}",
    "holds NaN or infinity": "enthält NaN oder Unendlich",
    "has the length {}": "hat die Länge {}",
    "`{}` is missing": "`{}` fehlt",
    "`{}` is not known to this release": "`{}` ist in dieser Ausgabe unbekannt",
    "`{}` is {}, which is none": "`{}` ist {}, was nicht geht",
    "`{}` is {}, which is not {}": "`{}` ist {}; verlangt ist {}",
    "a text": "ein Text",
    "a whole number": "eine ganze Zahl",
    "an object": "ein Objekt",
    "a list": "eine Liste",
    "its content is not the one that its name tells": "sein Inhalt ist nicht der, den sein Name nennt",
    # of filters
    "lies deeper than {} levels": "liegt tiefer als {} Ebenen",
    "Nest less": "Weniger schachteln",
    "is not an object": "ist kein Objekt",
    "Give one such as {}; {} is any caption": "Eines wie {} angeben; {} ist jede Bildunterschrift",
    "Give one such as {}": "Eines wie {} angeben",
    "is of no one kind": "ist nicht von einer Art",
    "Give one of {}": "Eines von diesen angeben: {}",
    "is not a list of filters": "ist keine Liste von Filtern",
    "Give at least one": "Mindestens einen angeben",
    "names no field": "benennt kein Feld",
    "is not text": "ist kein Text",
    "is not a number": "ist keine Zahl",
    "is not {}": "ist nicht {}",
    "Give {}, as {} is": "{} angeben, wie {} es ist",
    "text": "Text",
    "a number": "eine Zahl",
    "is neither true nor false": "ist weder wahr noch falsch",
    "Give one of them": "Eines davon angeben",
    "has no order": "hat keine Ordnung",
    "Give a number or a text": "Eine Zahl oder einen Text angeben",
    "is not a text": "ist kein Text",
    "Give at least one character": "Mindestens ein Zeichen angeben",
    "compares with nothing": "vergleicht mit nichts",
    "Add one of {}": "Eines von diesen hinzufügen: {}",
    "is one condition more than {}": "ist eine Bedingung mehr als {}",
    "Ask for less; `in` takes many values at once": "Weniger verlangen; `in` nimmt viele Werte auf einmal",
    "is not a list": "ist keine Liste",
    "Give a list of values": "Eine Liste von Werten angeben",
    "makes it more than {} values": "macht es zu mehr als {} Werten",
    "Give fewer": "Weniger angeben",
    "is no key and no list of 1 to {} keys": "ist kein Schlüssel und keine Liste von 1 bis {} Schlüsseln",
    "Give one": "Einen angeben",
    "holds no text of up to {} characters": "enthält keinen Text von bis zu {} Zeichen",
    "Name a key": "Einen Schlüssel nennen",
    'holds the character "': 'enthält das Zeichen "',
    "Ask for another key": "Nach einem anderen Schlüssel fragen",
    "has {} characters; the limit is {}": "hat {} Zeichen; die Grenze ist {}",
    "Shorten it": "Ihn kürzen",
    "is not Unicode text": "ist kein Unicode-Text",
    "Replace its lone surrogates": "Die einzelnen Surrogate ersetzen",
    "is beyond 64 bits": "hat mehr als 64 Bit",
    "Give a smaller number": "Eine kleinere Zahl angeben",
    "is not finite": "ist nicht endlich",
    "Give a number": "Eine Zahl angeben",
    "is a list or an object": "ist eine Liste oder ein Objekt",
    "Give text, a number, true, false or null": "Text, eine Zahl, true, false oder null angeben",
    "is no instant": "ist kein Zeitpunkt",
    "Give RFC 3339 such as {}, or a date": "RFC 3339 wie {} oder ein Datum angeben",
    "has {}, which means nothing there": "hat {}, was dort nichts bedeutet",
    "Use {}": "Diese benutzen: {}",
    # of forms
    "it has {} objects for {} files": "es sind {} Objekte für {} Dateien",
    "it holds a number that is NaN or infinite": "sie enthalten eine Zahl, die NaN oder unendlich ist",
    "an object has {} bytes, and the limit is {}": "ein Objekt hat {} Byte, und die Grenze ist {}",
    "`{}` is {} where {} belongs": "`{}` ist {}, wo {} hingehört",
    "a file": "eine Datei",
    "Invalid JSON: {}": "kein gültiges JSON: {}",
    "Input should be an object": "kein Objekt",
    "Input should be a valid array": "keine Liste",
    # of keys
    "{} cannot name a collection. Use {}, the first a letter or a digit": (
        "{} kann keine Sammlung heißen. 1 bis 64 Zeichen aus a-z, 0-9, '-' und '_' nehmen, zuerst einen"
        " Buchstaben oder eine Ziffer"
    ),
    "Give an instant such as {}": "Einen Zeitpunkt wie {} angeben",
    # of descriptions
    "Give a language tag such as de or en-GB, or none": "Etwas wie de oder en-GB angeben oder nichts",
    "Leave out the character NUL": "Das Zeichen NUL weglassen",
    "Give either `folder` or `urls`, or send an archive as multipart/form-data": (
        "Entweder `folder` oder `urls` angeben oder ein Archiv als multipart/form-data schicken"
    ),
    "Give either `data` or `url`": "Entweder `data` oder `url` angeben",
    # of Starlette and FastAPI
    "Field exceeded maximum size of {}KB": "ein Feld ist größer als {} KB",
    "Part exceeded maximum size of {}KB": "ein Teil ist größer als {} KB",
    "Too many fields. Maximum number of fields is {}": "zu viele Felder; höchstens {} sind erlaubt",
    'The Content-Disposition header field "name" must be provided': (
        'im Kopf Content-Disposition fehlt das Feld "name"'
    ),
    "Missing boundary in multipart": "die Trennlinie (boundary) fehlt",
    "Invalid multipart data": "die Teile sind nicht zu erkennen",
    "There was an error parsing the body": "Der Inhalt der Anfrage lässt sich nicht lesen",
    # of the schemas
    "is no number": "ist keine Zahl",
    "Send 1 to {} texts or images; these are {}": "1 bis {} Texte oder Bilder schicken; dies sind {}",
    'Send text or {"image": "data:image/jpeg;base64,..."} as input[{}]': (
        'Als input[{}] Text oder {{"image": "data:image/jpeg;base64,..."}} schicken'
    ),
    "Send texts: numbers of tokens mean nothing to this model": (
        "Texte schicken: Nummern von Tokens sagen diesem Modell nichts"
    ),
    "Ask for at most {} results in all: these are {}": "Höchstens {} Treffer zusammen verlangen, nicht {}",
    "Give a `weight` that is not 0, or leave the part out": (
        "Ein `weight` angeben, das nicht 0 ist, oder den Teil weglassen"
    ),
    "Give exactly one of {} and `{}`": "Genau eines von {} und `{}` angeben",
    "Give the `language` within each part": "Die Sprache (`language`) in jedem Teil angeben",
    "{} is no member of an image; give some of {}": "{} gehört zu keinem Bild; einige von diesen angeben: {}",
    "Give a whole number, in digits only": "Eine ganze Zahl angeben, nur in Ziffern",
    "This moment is past. Give one to come, or leave it out": (
        "Dieser Zeitpunkt ist vorbei. Einen kommenden angeben oder ihn weglassen"
    ),
    # of Python's JSON
    "Expecting value": "ein Wert fehlt",
    "Expecting property name enclosed in double quotes": "ein Name in doppelten Anführungszeichen fehlt",
    "Expecting {} delimiter": "das Trennzeichen {} fehlt",
    "Unterminated string starting at": "ein Text endet nicht",
    "Extra data": "nach dem Ende kommt noch etwas",
    "Invalid control character at": "ein Steuerzeichen ist nicht erlaubt",
    "Invalid \\escape": "eine Maskierung mit \\ ist ungültig",
    "{} is no number": "{} ist keine Zahl",
    "Exceeds the limit ({} digits) for integer string conversion: value has {} digits; use {}": (
        "eine Zahl hat {1} Ziffern; die Grenze ist {0}"
    ),
    "{}: line {} column {} (char {})": "{} in Zeile {}, Spalte {} (Zeichen {})",
    # of pydantic's JSON
    "{} at line {} column {}": "{} in Zeile {}, Spalte {}",
    "EOF while parsing a value": "ein Wert fehlt",
    "EOF while parsing a list": "eine Liste endet nicht",
    "EOF while parsing an object": "ein Objekt endet nicht",
    "EOF while parsing a string": "ein Text endet nicht",
    "expected value": "ein Wert fehlt",
    "expected ident": "ein Wort ist weder true noch false oder null",
    "expected {} or {}": "{} oder {} fehlt",
    "expected {}": "{} fehlt",
    "key must be a string": "ein Name in doppelten Anführungszeichen fehlt",
    "trailing comma": "ein Komma ist zu viel",
    "trailing characters": "nach dem Ende kommt noch etwas",
    "invalid number": "eine Zahl ist ungültig",
    "number out of range": "eine Zahl ist zu groß",
    "invalid escape": "eine Maskierung mit \\ ist ungültig",
    "unexpected end of hex escape": "eine Maskierung mit \\u ist unvollständig",
    "lone leading surrogate in hex escape": "ein Surrogat steht allein",
    "invalid unicode code point": "ein Zeichen ist kein Unicode",
    "control character (\\u0000-\\u001F) found while parsing a string": "ein Steuerzeichen ist nicht erlaubt",
    "recursion limit exceeded": "es ist zu tief geschachtelt",
    # of parts of the others
    "{} and `{}`": "{} und `{}`",
    "`{}` {}": "`{}` {}",
}


def phrase(english: str) -> str:
    """The German for it; what nobody translated stays as it is, with numbers as German writes them."""
    exact = PHRASES.get(english)
    if exact is not None:
        return exact
    for pattern, german in _patterns():
        if match := pattern.fullmatch(english):
            return german.format(*map(phrase, match.groups()))
    if _NUMBER.fullmatch(english):
        return english.translate(_SEPARATORS)
    return english


def number(value: int | float) -> str:
    """As German writes it: 1.234,5."""
    return f"{value:,}".translate(_SEPARATORS)


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile("(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL), german)
        for english, german in PHRASES.items()
        if "{}" in english
    ]


_NUMBER: Final = re.compile(r"-?\d{1,3}(,\d{3})*(\.\d+)?")
_SEPARATORS: Final = str.maketrans(",.", ".,")
