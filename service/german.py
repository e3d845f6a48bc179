"""What went wrong, in German: a title and a text for each row of `problems.KINDS`.

A text is a template for the error's own data, by their names, and ends with the remedy, a sentence, as the
English text does. It asks in the infinitive, as the page does. Numbers get German's separators; `{id:d}` gets
none. What `_WORDS` name, which errors tell in English, is looked up in `german_phrases.PHRASES`.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Any, Final, NamedTuple

from index import errors as gallery
from service import (
    access,
    alive,
    bad_requests,
    batcher,
    decoder,
    fetch,
    forms,
    images,
    images_in_text,
    keys,
    queries,
    repeats,
    thumbnails,
    uploads,
)
from service.german_phrases import number, phrase
from service.jobs import errors as job_errors


class German(NamedTuple):
    title: str
    text: str


_STOPPING: Final = German(
    "Dienst wird beendet", "Der Dienst wird beendet. Noch einmal versuchen, wenn er wieder da ist."
)

_NOT_FOR_THIS: Final = "Nicht für diesen Schlüssel"

GERMAN: Final[Mapping[type[Exception], German]] = {
    images.ImageEmpty: German(
        "Leere Datei",
        "Die Datei ist leer (0 Byte). Eine andere wählen oder sie noch einmal aus ihrer Quelle kopieren.",
    ),
    job_errors.EntryRefused: German(
        "Eintrag nicht gelesen",
        "Der Eintrag wird nicht gelesen: {reason}. Das Foto selbst als gewöhnliche Datei dorthin legen.",
    ),
    job_errors.ArchiveUnusable: German(
        "Unbrauchbares Archiv",
        "Das Archiv kann nicht eingelesen werden: {reason}. Die Fotos noch einmal packen, als .zip, .tar,"
        " .tar.gz, .tar.bz2 oder .tar.xz innerhalb der Grenzen.",
    ),
    job_errors.FoldersOff: German(
        "Ordner sind abgeschaltet",
        "Der Dienst liest keine Ordner seines Rechners ein. Ein Archiv schicken, oder der Betreiber nennt in"
        " PIVOT_FOLDER_ROOTS die Ordner, die eingelesen werden dürfen.",
    ),
    job_errors.FolderRefused: German(
        "Ordner abgelehnt",
        "„{folder}“ ist kein Ordner, der eingelesen werden darf. Einen vorhandenen unterhalb derer in"
        " PIVOT_FOLDER_ROOTS angeben, mit vollem Pfad.",
    ),
    job_errors.UnknownJob: German(
        "Unbekannter Auftrag",
        "Es gibt keinen Auftrag {id:d}. Er kann vor langer Zeit geendet haben: die Aufträge auflisten.",
    ),
    fetch.UrlRefused: German(
        "URL abgelehnt",
        "Die URL wird abgelehnt: {reason}. Die eines öffentlichen Servers angeben oder die Datei hochladen.",
    ),
    fetch.FetchFailed: German(
        "URL ohne Datei",
        "Die URL lieferte keine Datei: {reason}. Sie in einem Browser prüfen oder die Datei hochladen.",
    ),
    fetch.FetchingOff: German(
        "URLs sind abgeschaltet",
        "Der Dienst ruft keine URLs ab. Die Dateien selbst hochladen, oder der Betreiber setzt"
        " PIVOT_FETCH_URLS=1.",
    ),
    images.NotAnImage: German(
        "Kein Bild", f"Die Datei ist kein Bild. Eines dieser Formate schicken: {images.ACCEPTED}."
    ),
    images.UnsupportedFormat: German(
        "Nicht unterstütztes Format",
        f"{{format}} wird nicht angenommen. Die Datei in eines dieser Formate umwandeln: {images.ACCEPTED}.",
    ),
    images.ImageDamaged: German(
        "Beschädigtes Bild",
        "Die Datei ({format}) ist abgeschnitten oder beschädigt. Sie noch einmal aus ihrer Quelle kopieren.",
    ),
    images.ImageTooLarge: German(
        "Zu viele Pixel",
        "Das Bild hat {pixels} Pixel; die Grenze ist {limit}. Eine kleinere Kopie schicken.",
    ),
    images.FileTooLarge: German(
        "Zu viele Bytes", "Die Datei hat {bytes} Byte; die Grenze ist {limit}. Eine kleinere Kopie schicken."
    ),
    images.DecodeOutOfMemory: German(
        "Zu viel Speicher nötig",
        "Das Bild zu lesen braucht mehr Speicher, als dafür erlaubt ist."
        " Eine kleinere Kopie oder ein JPEG schicken.",
    ),
    decoder.DecodeTimeout: German(
        "Zu viel Zeit nötig",
        "Das Bild zu lesen dauerte länger als die Grenze von {limit} Sekunden."
        " Eine kleinere Kopie oder ein JPEG schicken.",
    ),
    decoder.DecodeCrashed: German(
        "Lesen gescheitert",
        "Der Prozess, der das Bild las, endete unerwartet. Eine andere Kopie oder ein JPEG schicken.",
    ),
    decoder.DecoderNotStarted: German(
        "Überlastet",
        "Kein Prozess ließ sich starten, der Bilder liest. In {retry_after} s noch einmal versuchen.",
    ),
    thumbnails.ThumbnailNotMade: German(
        "Kein Vorschaubild in dieser Größe",
        "Was vom Bild gespeichert ist, lässt sich nicht für ein Vorschaubild mit {size} Pixeln dekodieren."
        " Die Größe {stored} verlangen, die gespeichert ist, und der Betreiber sieht im Protokoll nach.",
    ),
    uploads.FileUnreadable: German(
        "Unlesbare Datei",
        "Die Datei lässt sich nicht lesen: {reason}. Nachsehen, ob sie da ist und wer sie lesen darf.",
    ),
    queries.QueryEmpty: German("Leere Anfrage", "Die Anfrage ist leer. Schreiben, was das Bild zeigen soll."),
    queries.QueryTooLong: German(
        "Zu lange Anfrage", "Die Anfrage hat {characters} Zeichen; die Grenze ist {limit}. Sie kürzen."
    ),
    queries.QueryUnreadable: German(
        "Unbekannte Schrift", "Das Modell kann diese Schrift nicht lesen. In einer anderen Sprache fragen."
    ),
    queries.BadLanguage: German(
        "Keine Sprache", "„{language}“ bezeichnet keine Sprache. Etwas wie de oder en-GB angeben oder nichts."
    ),
    queries.OutOfRange: German(
        "Außerhalb der Grenzen",
        "{field} ist {value}; die Grenzen sind {least} und {most}. Einen Wert dazwischen angeben.",
    ),
    queries.NoThreshold: German(
        "Hier gibt es keine Schwelle",
        "Für gleiche Dateien gibt es keine Schwelle. `threshold` weglassen oder nach near oder similar"
        " fragen.",
    ),
    queries.NotWhole: German(
        "Keine ganze Zahl",
        "threshold ist {value}; für near zählt es Bits. Eine ganze Zahl angeben.",
    ),
    queries.CaptionsWithoutRules: German(
        "Bildunterschriften zählen nicht",
        "Bildunterschriften zählen nur, wo es für das Modell (hier {model}) Regeln dafür gibt und die Anfrage"
        " nur aus Texten mit positivem Gewicht besteht. `captions` weglassen oder false schicken.",
    ),
    queries.UnknownModel: German(
        "Unbekanntes Modell",
        "Ein Modell „{name}“ gibt es nicht; hier antwortet {serving}. Diesen Namen schicken.",
    ),
    queries.WrongDimensions: German(
        "Nicht die Dimension des Modells",
        "`dimensions` ist {given}, die Vektoren des Modells haben {limit} Zahlen. `dimensions` weglassen.",
    ),
    images_in_text.NotBase64: German(
        "Kein Base64",
        "Der Text ist kein Base64. Die Bilddatei als Base64 oder als Data-URI schicken:"
        " data:image/jpeg;base64,...",
    ),
    gallery.UnknownCollection: German(
        "Keine solche Sammlung",
        "Es gibt keine Sammlung „{name}“. Sie erst anlegen oder eine aus der Liste nehmen.",
    ),
    gallery.CollectionExists: German(
        "Sammlung schon da",
        "Eine Sammlung „{name}“ gibt es schon. Diese benutzen oder einen anderen Namen wählen.",
    ),
    gallery.CollectionFixed: German(
        "Name nicht zu ändern",
        "Die Sammlung „{name}“ behält ihren Namen. Eine andere anlegen und die Bilder dort hinzufügen.",
    ),
    gallery.BadCollectionName: German(
        "Kein Name für eine Sammlung",
        "„{name}“ kann keine Sammlung heißen. 1 bis 64 Zeichen aus a-z, 0-9, '-' und '_' nehmen, zuerst einen"
        " Buchstaben oder eine Ziffer.",
    ),
    gallery.UnknownImage: German(
        "Kein solches Bild",
        "In der Sammlung „{collection}“ gibt es kein Bild {id:d}."
        " Es kann gelöscht worden sein: die Bilder auflisten.",
    ),
    gallery.NotEmbedded: German(
        "Noch nicht eingebettet",
        "Bild {id:d} der Sammlung „{collection}“ wartet auf seinen Vektor des jetzigen Modells."
        " Noch einmal versuchen.",
    ),
    gallery.ExternalIdTaken: German(
        "Externe Id vergeben",
        "Die externe Id „{external_id}“ ist in der Sammlung „{collection}“ nicht frei: ein anderes Bild"
        " hat sie, oder dieses hat eine andere."
        " Jenes Bild erst ändern oder löschen oder eine andere Id angeben.",
    ),
    gallery.TooManyCaptions: German(
        "Zu viele Bildunterschriften",
        "Das Bild hätte {captions} Bildunterschriften; die Grenze ist {limit}. Weniger angeben.",
    ),
    gallery.ModelChanged: German(
        "Modell gewechselt",
        "Jetzt antwortet das Modell {serving} statt {model_version}."
        " Damit einbetten und noch einmal versuchen.",
    ),
    gallery.BadValue: German("Unbrauchbarer Wert", "`{field}` {reason}."),
    gallery.BadFilter: German("Unbrauchbarer Filter", "`{field}` {reason}. {remedy}."),
    gallery.BadCursor: German(
        "Unbekannte Stelle",
        "Der `cursor` stammt nicht von hier. Ihn unverändert aus einer Antwort nehmen oder weglassen.",
    ),
    gallery.CursorExpired: German(
        "Abgelaufene Stelle",
        "Der `cursor` ist abgelaufen: Anfrage, Angaben wie Sortierung oder Filter, oder das Modell sind nicht"
        " mehr die, für die er gemacht wurde. Noch einmal von der ersten Seite an fragen.",
    ),
    gallery.StorageFull: German(
        "Kein Platz mehr",
        "Der Speicher hat keinen Platz mehr; was er enthält, bleibt. Den Betreiber bitten, Platz zu schaffen,"
        " und dieselbe Anfrage noch einmal schicken.",
    ),
    gallery.StorageUnwritable: German(
        "Speicher nicht beschreibbar",
        "Der Speicher lässt sich nicht beschreiben."
        " Den Betreiber bitten, Eigentümer, Rechte und Platte zu prüfen.",
    ),
    gallery.StoreDamaged: German(
        "Speicher beschädigt",
        "Der Speicher lässt sich nicht lesen. Den Betreiber bitten, eine Sicherung einzuspielen.",
    ),
    gallery.StoreClosed: _STOPPING,
    alive.Hanging: German(
        "Das Modell hängt",
        "Das Modell ist länger als {limit} Sekunden mit einem Stapel beschäftigt. Den Dienst neu starten.",
    ),
    alive.DecoderDead: German(
        "Nichts wird dekodiert",
        "Die Prozesse, die Bilder lesen, lassen sich nicht mehr starten. Den Arbeitsspeicher und die Grenzen"
        " der Maschine prüfen, dann den Dienst neu starten.",
    ),
    batcher.Stopping: _STOPPING,
    batcher.Overloaded: German(
        "Überlastet",
        "{limit} warten schon, mehr dürfen es nicht sein. In {retry_after} s noch einmal versuchen.",
    ),
    batcher.WaitedTooLong: German(
        "Überlastet",
        "Die Anfrage kam nach {limit} s Wartezeit nicht an die Reihe."
        " In {retry_after} s noch einmal versuchen.",
    ),
    forms.ScratchFull: German(
        "Kein Platz, um die Anfrage zu lesen",
        "Es fehlt Platz, um die Anfrage zu lesen; nichts davon wurde gespeichert. Den Betreiber bitten, im"
        " Ordner für temporäre Dateien Platz zu schaffen, und dieselbe Anfrage noch einmal schicken.",
    ),
    bad_requests.UnknownHost: German(
        "Unbekannter Name",
        "Der Dienst heißt nicht „{host}“. Seine IP-Adresse benutzen oder den Betreiber bitten, den Namen"
        " in PIVOT_HOSTS aufzunehmen.",
    ),
    bad_requests.OtherSite: German(
        "Anfrage von einer fremden Seite",
        "Die Anfrage kommt von einer Seite von {origin}, die hier nichts ändern darf. Die Seite des Dienstes"
        " benutzen, ein Programm oder einen Namen, den der Betreiber in PIVOT_HOSTS aufnimmt.",
    ),
    bad_requests.BodyTooLarge: German(
        "Zu große Anfrage",
        "Die Anfrage ist größer als die Grenze von {limit} Byte. Weniger auf einmal schicken.",
    ),
    bad_requests.BodiesTooLarge: German(
        "Überlastet",
        "Große Anfragen von zusammen {limit} Byte sind schon in Arbeit, das ist die Grenze."
        " In {retry_after} s noch einmal versuchen oder Bilder als Dateien an /search/image schicken.",
    ),
    bad_requests.NotMultipart: German(
        "Kein Formular mit Dateien",
        "Die Anfrage ist {content_type}. Die Dateien als multipart/form-data schicken.",
    ),
    bad_requests.NotJson: German("Kein JSON", "Die Anfrage ist {content_type}. Sie als {wanted} schicken."),
    repeats.BadKey: German(
        "Unbrauchbarer Schlüssel",
        f"Der {repeats.HEADER} ist unbrauchbar. 1 bis 200 sichtbare ASCII-Zeichen angeben, etwa eine UUID.",
    ),
    repeats.KeyInUse: German(
        "Anfrage in Arbeit",
        f"Eine Anfrage mit diesem {repeats.HEADER} ist in Arbeit."
        " Diese noch einmal schicken, wenn jene beantwortet ist.",
    ),
    repeats.KeyReused: German(
        "Schlüssel einer anderen Anfrage",
        f"Mit diesem {repeats.HEADER} kam schon eine andere Anfrage."
        " Mit jeder neuen Anfrage einen neuen Schlüssel schicken.",
    ),
    bad_requests.BadForm: German(
        "Unlesbares Formular",
        "Das Formular lässt sich nicht lesen: {reason}. Es als multipart/form-data schicken.",
    ),
    bad_requests.NoFiles: German(
        "Keine Dateien", "Das Formular hat keine Datei. Einen Dateiteil namens `{field}` schicken."
    ),
    bad_requests.TooManyFiles: German(
        "Zu viele Dateien",
        "Die Anfrage hat mehr Dateien als die Grenze von {limit}. Sie auf mehrere Anfragen verteilen.",
    ),
    bad_requests.UnknownField: German(
        "Unbekanntes Feld",
        "Das Formular hat ein unbekanntes Feld „{field}“. Diese benutzen: {allowed}.",
    ),
    bad_requests.BadMetadata: German(
        "Unbrauchbare Metadaten",
        "Die Metadaten sind unbrauchbar: {reason}."
        " Ein JSON-Objekt für alle Dateien schicken oder eine Liste mit einem Objekt für jede.",
    ),
    bad_requests.WrongNumber: German(
        "Falsche Anzahl",
        "`{field}` hat {entries} Einträge für {files} Dateien."
        " Für jede Datei einen angeben, in der Reihenfolge der Dateien.",
    ),
    bad_requests.InvalidRequest: German(
        "Ungültige Anfrage",
        "{field}: {reason}. Die Felder berichtigen, die `errors` nennt; /docs beschreibt sie alle.",
    ),
    bad_requests.NoImageAccepted: German(
        "Kein Bild angenommen",
        "Keine der {files} Dateien ließ sich hinzufügen. `items` nennt bei jeder den Grund und die Abhilfe.",
    ),
    bad_requests.NothingThere: German(
        "Nicht gefunden", "Unter {path} gibt es nichts. In /docs steht, was wo ist und was es annimmt."
    ),
    bad_requests.MethodNotTaken: German(
        "Methode nicht erlaubt",
        "{path} nimmt {method} nicht an. In /docs steht, was wo ist und was es annimmt.",
    ),
    access.KeyRequired: German(
        "Schlüssel nötig",
        "Der Dienst verlangt einen Schlüssel. Einen als `Authorization: Bearer KEY` oder `X-API-Key: KEY`"
        " schicken; der Betreiber macht sie mit `python -m service keys create`.",
    ),
    access.KeyUnknown: German(
        "Unbekannter Schlüssel",
        "Der Schlüssel ist falsch, widerrufen oder abgelaufen. Ihn prüfen oder den Betreiber um einen neuen"
        " bitten.",
    ),
    access.ScopeMissing: German(
        _NOT_FOR_THIS, "Der Schlüssel „{key}“ darf das nicht. Einen mit der Befugnis {scope} benutzen."
    ),
    access.CollectionHidden: German(
        _NOT_FOR_THIS,
        "Der Schlüssel „{key}“ gilt nicht für die Sammlung „{collection}“. Einen benutzen, der für sie gilt.",
    ),
    access.KeyLimited: German(
        _NOT_FOR_THIS,
        "Der Schlüssel „{key}“ gilt nur für einige Sammlungen. Einen benutzen, der für alle gilt.",
    ),
    access.RateLimited: German(
        "Zu viele Anfragen",
        "Das sind mehr als die erlaubten {limit} Anfragen in einer Minute."
        " In {retry_after} s noch einmal versuchen.",
    ),
    keys.NoSuchKey: German(
        "Kein solcher Schlüssel", "Es gibt keinen Schlüssel {id:d}. Einen aus der Liste nehmen."
    ),
    bad_requests.Refused: German(
        "Anfrage abgelehnt", "{reason}. In /docs steht, was wo ist und was es annimmt."
    ),
    bad_requests.Bug: German(
        "Interner Fehler",
        "Der Dienst ist an dieser Anfrage gescheitert, durch einen eigenen Fehler."
        " Noch einmal versuchen; bleibt es so, findet der Betreiber die Ursache im Protokoll.",
    ),
}


def german_of(error: Exception) -> German | None:
    """Title and text with the error's own data; None for an error that has no row."""
    row = next((GERMAN[base] for base in type(error).__mro__ if base in GERMAN), None)
    return row and German(row.title, _German().vformat(row.text, (), vars(error)))


_WORDS: Final = ("reason", "remedy", "content_type")


class _German(Formatter):
    """Writes numbers as German does, and translates what an error tells in words of its own."""

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        value = super().get_value(key, args, kwargs)
        return phrase(value) if key in _WORDS else value

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, int | float) and not format_spec:
            return number(value)
        return str(super().format_field(value, format_spec))
