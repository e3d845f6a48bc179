/**
 * Every text of the page. A function takes the values and `number`, which writes a number as the language does.
 * Both languages have the same keys: tests compare them.
 */
const some = (count, one, many, number) => `${number(count)} ${count === 1 ? one : many}`;

export const messages = {
  en: {
    title: "Pivot: find photos by what they show",
    skip: "Skip to the photos",
    language: "Language",

    searchLabel: "Describe what the photo shows",
    placeholder: "What does the photo show?",
    search: "Search",
    byPhoto: "Search by a photo",
    clearPhoto: "Remove this photo from the search",
    soughtSimilar: ({ name }) => `Similar to ${name}`,
    soughtPhoto: ({ name }) => `Looks like ${name}`,
    dropToSearch: "Drop here to search by this photo",
    dropToAdd: "Drop here to add to the collection",

    photos: "Photos",
    allPhotos: "All photos",
    collection: "Collection",
    addPhotos: "Add photos",
    addFolder: "Add a folder",
    photoCount: ({ count }, number) => some(count, "photo", "photos", number),
    showMore: "Show more",

    results: "Results",
    similarPhotos: "Similar photos",
    resultCount: ({ count }, number) => some(count, "result", "results", number),
    understood: ({ language }) => `understood as ${language}`,
    understoodSurely: ({ language, percent }) => `understood as ${language} (${percent})`,
    took: ({ ms }, number) => `took\u00a0${number(ms)}\u00a0ms`,

    welcomeTitle: "Begin with a few photos",
    welcomeText: "Drag photos or whole folders onto this page, or choose them here.",
    examplesTitle: "Then say what you are looking for",
    examplesTry: "Try",
    nothingTitle: "No photo to show",
    nothingText: "There is no other photo in this collection yet. Add more, then search again.",

    open: ({ name }) => `${name}, open the original`,
    openRanked: ({ name, rank }) => `${rank}. ${name}, open the original`,
    similar: "Similar",
    similarTo: ({ name }) => `Photos similar to ${name}`,
    delete: "Delete",
    deleteNamed: ({ name }) => `Delete ${name}`,
    scores: ({ symmetric, asymmetric }, number) =>
      `Symmetric score ${number(symmetric, 3)} (1 is best), asymmetric score ${number(asymmetric, 3)} (0 is best)`,

    deleteTitle: "Delete this photo?",
    deleteText: ({ name }) => `“${name}” leaves the collection for good. The file you added it from stays where it is.`,
    keep: "Keep it",
    deleted: ({ name }) => `Deleted ${name}`,

    uploads: "Photos being added",
    uploading: ({ done, total }, number) => `Adding ${number(done)} of ${number(total)}`,
    uploadReading: "Reading the folder …",
    uploadDone: "Finished",
    uploadCancelled: "Cancelled",
    uploadStopped: "Stopped",
    counts: ({ added, existing, failed }, number) =>
      `${number(added)} added, ${number(existing)} already there, ${number(failed)} failed`,
    unsent: ({ count }, number) => some(count, "photo was not sent", "photos were not sent", number),
    leftOut: ({ count }, number) => some(count, "file in the folder is no photo", "files in the folders are no photos", number),
    cancel: "Cancel",
    close: "Close",
    retry: "Try again",
    failures: "Files that failed",
    furtherFailures: ({ count }, number) => `and ${number(count)} more`,
    unreadable: "The browser could not read this file.",
    unreadableRemedy: "Look whether it was moved, renamed or belongs to someone else, then add it again.",

    unreachable: "The server does not answer",
    unreachableRemedy: "Look whether it is running and whether you are connected, then try again.",
    unexpected: ({ status }) => `The server answered with an error (${status})`,
    unexpectedRemedy: "Try again. If it stays, the server's log says more.",
  },

  de: {
    title: "Pivot: Fotos finden, indem man sagt, was sie zeigen",
    skip: "Zu den Fotos springen",
    language: "Sprache",

    searchLabel: "Beschreiben, was das Foto zeigt",
    placeholder: "Was zeigt das Foto?",
    search: "Suchen",
    byPhoto: "Mit einem Foto suchen",
    clearPhoto: "Dieses Foto aus der Suche nehmen",
    soughtSimilar: ({ name }) => `Ähnlich wie ${name}`,
    soughtPhoto: ({ name }) => `Sieht aus wie ${name}`,
    dropToSearch: "Hier ablegen, um mit diesem Foto zu suchen",
    dropToAdd: "Hier ablegen, um zur Sammlung hinzuzufügen",

    photos: "Fotos",
    allPhotos: "Alle Fotos",
    collection: "Sammlung",
    addPhotos: "Fotos hinzufügen",
    addFolder: "Ordner hinzufügen",
    photoCount: ({ count }, number) => some(count, "Foto", "Fotos", number),
    showMore: "Mehr zeigen",

    results: "Ergebnisse",
    similarPhotos: "Ähnliche Fotos",
    resultCount: ({ count }, number) => some(count, "Treffer", "Treffer", number),
    understood: ({ language }) => `verstanden als ${language}`,
    understoodSurely: ({ language, percent }) => `verstanden als ${language} (${percent})`,
    took: ({ ms }, number) => `in\u00a0${number(ms)}\u00a0ms`,

    welcomeTitle: "Mit ein paar Fotos anfangen",
    welcomeText: "Fotos oder ganze Ordner auf diese Seite ziehen oder hier auswählen.",
    examplesTitle: "Dann sagen, wonach gesucht wird",
    examplesTry: "Zum Beispiel",
    nothingTitle: "Kein Foto zu zeigen",
    nothingText: "In dieser Sammlung ist noch kein anderes Foto. Weitere hinzufügen, dann noch einmal suchen.",

    open: ({ name }) => `${name}, Original öffnen`,
    openRanked: ({ name, rank }) => `${rank}. ${name}, Original öffnen`,
    similar: "Ähnliche",
    similarTo: ({ name }) => `Fotos, die ${name} ähnlich sind`,
    delete: "Löschen",
    deleteNamed: ({ name }) => `${name} löschen`,
    scores: ({ symmetric, asymmetric }, number) =>
      `Symmetrischer Wert ${number(symmetric, 3)} (1 ist am besten), asymmetrischer Wert ${number(asymmetric, 3)} (0 ist am besten)`,

    deleteTitle: "Dieses Foto löschen?",
    deleteText: ({ name }) => `„${name}“ verschwindet endgültig aus der Sammlung. Die Datei, aus der es stammt, bleibt, wo sie ist.`,
    keep: "Behalten",
    deleted: ({ name }) => `${name} gelöscht`,

    uploads: "Fotos, die hinzugefügt werden",
    uploading: ({ done, total }, number) => `${number(done)} von ${number(total)} hinzugefügt`,
    uploadReading: "Der Ordner wird gelesen …",
    uploadDone: "Fertig",
    uploadCancelled: "Abgebrochen",
    uploadStopped: "Angehalten",
    counts: ({ added, existing, failed }, number) =>
      `${number(added)} hinzugefügt, ${number(existing)} schon vorhanden, ${number(failed)} fehlgeschlagen`,
    unsent: ({ count }, number) => some(count, "Foto wurde nicht gesendet", "Fotos wurden nicht gesendet", number),
    leftOut: ({ count }, number) => some(count, "Datei im Ordner ist kein Foto", "Dateien in den Ordnern sind keine Fotos", number),
    cancel: "Abbrechen",
    close: "Schließen",
    retry: "Noch einmal versuchen",
    failures: "Fehlgeschlagene Dateien",
    furtherFailures: ({ count }, number) => `und ${number(count)} weitere`,
    unreadable: "Der Browser konnte diese Datei nicht lesen.",
    unreadableRemedy: "Nachsehen, ob sie verschoben oder umbenannt wurde oder jemand anderem gehört, dann noch einmal hinzufügen.",

    unreachable: "Der Server antwortet nicht",
    unreachableRemedy: "Nachsehen, ob er läuft und ob eine Verbindung besteht, dann noch einmal versuchen.",
    unexpected: ({ status }) => `Der Server hat mit einem Fehler geantwortet (${status})`,
    unexpectedRemedy: "Noch einmal versuchen. Bleibt der Fehler, sagt das Protokoll des Servers mehr.",
  },
};

/** Queries to begin with. They are not translations of each other, since queries need not be. */
export const examples = [
  { language: "en", q: "a cat" },
  { language: "de", q: "Ein Hund springt ins Wasser" },
  { language: "en", q: "children playing in the snow" },
  { language: "de", q: "eine Tasse Kaffee" },
  { language: "en", q: "someone climbing a rock" },
  { language: "de", q: "ein Strauß Blumen" },
];
