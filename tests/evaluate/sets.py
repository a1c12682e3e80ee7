"""A small question set and a small claim set, as files."""

import json

CORPUS = [
    {
        "_id": "mill",
        "title": "The mill",
        "text": "The mill  opens at nine.\n\nIt has four sails and stands on the hill.",
    },
    {
        "_id": "lie",
        "title": "The mill's sails",
        "text": "The mill on the hill has six sails.",
        "metadata": {"type": "poison", "answer": "six"},
    },
    {"_id": "bakery", "title": "The bakery", "text": "The bakery sells rye bread on Fridays."},
    {"_id": "twin", "title": "The bakery", "text": "The bakery sells rye bread on Fridays."},
    {"_id": "crane", "title": "The crane", "text": "The harbour crane lifts twelve tonnes."},
]
QUERIES = [
    {
        "_id": "open",
        "text": "When does the mill open?",
        "metadata": {
            "answers": ["nine", "at nine"],
            "answerable": True,
            "spans": [[10, 22]],
            "scope": ["mill", "bakery"],
        },
    },
    {
        "_id": "sails",
        "text": "How many sails has the mill on the hill?",
        "metadata": {"answers": ["four"], "wrong_answers": ["six"], "answerable": True},
    },
    {
        "_id": "bread",
        "text": "Which bread does the bakery sell?",
        "metadata": {
            "answers": ["rye bread"],
            "gold_sentences": ["The bakery sells rye bread on Fridays."],
        },
    },
    {
        "_id": "moon",
        "text": "Who walked upon Jupiter?",
        "metadata": {"answers": [""], "answerable": False},
    },
]
QRELS = [("open", "mill"), ("sails", "mill"), ("bread", "twin")]
CLAIMS = [
    ("0", "The mill opens at nine.", "supported"),
    ("1", "The mill opens at ten.", "unsupported"),
    ("2", "It has four sails.", "supported"),
    ("3", "Nobody knows the crane.", "unsupported"),
]


def write_set(folder):
    """Write corpus, queries and qrels; four questions over five documents."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, rows in (("corpus", CORPUS), ("queries", QUERIES)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    pairs = "".join(f"{query}\t{document}\t1\n" for query, document in QRELS)
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{pairs}")
    return folder


def write_claims(folder):
    """Write four claims about the mill."""
    folder.mkdir(parents=True, exist_ok=True)
    evidence = ["The mill opens at nine.", "It has four sails."]
    rows = [{"_id": i, "claim": c, "evidence": evidence, "label": v} for i, c, v in CLAIMS]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "claims.jsonl").write_text(text, encoding="utf-8")
    return folder
