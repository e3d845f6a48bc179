"""Queries as people write them, and how many subwords our tokenizer makes of each, begin and end included."""

from __future__ import annotations

# A table, so that the other contenders need not load our tokenizer; a test holds it to the tokenizer.
LENGTHS = {
    "dog": 3,
    "a dog jumps into water": 8,
    "a brown dog with a baseball in its mouth": 11,
    "people sitting on the lawn under a blossoming tree": 14,
    "sunset at the beach": 7,
    "Hund": 3,
    "Ein Hund springt ins Wasser": 9,
    "zwei kleine Kinder gehen über eine große Wiese": 11,
    "Mädchen mit Partyhut vor einer Geburtstagstorte mit Kerzen": 15,
    "Sonnenuntergang am Strand mit Hund": 9,
    "un chien saute dans l'eau": 9,
    "des enfants jouent au football dans un parc": 11,
    "un perro corre por la nieve": 9,
    "um homem de óculos com uma gravata": 11,
    "due persone con un fiore rosso": 8,
    "собака прыгает в воду": 8,
    "一只狗跳进水里": 9,
    "海滩上的日落": 7,
    "雪の中を走る犬": 9,
    "كلب يقفز في الماء": 9,
    "karda koşan bir köpek": 8,
}
