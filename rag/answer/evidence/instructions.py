"""Sentences of a document that tell whoever writes the answer what to write.

A document may hold text that was put there to steer an assistant. Such a sentence answers no
question, so it is taken for evidence only when the question asks about such things. Rules, no
model: an imperative alone is nothing ("Press the red button."); it must speak about the answer
itself, be addressed to a model, or take back instructions.

Known limits: English, and the best-known phrase in a few other languages; a task without any
addressee ("Write a poem about the sea.") looks like one that a manual sets its reader.
"""

import re
from collections.abc import Sequence

from rag.text import content_stems, fold
from rag.types import Evidence

_MODEL = r"(?:(?:an? )?(?:ai|a\.i\.|llm|(?:large )?language model|chat ?bot|chatgpt|gpt|copilot)s?)"
_CONTROL = r"(?:<[|\uff5c][^<>|\n]{1,40}[|\uff5c]>|\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>)"
_CLAUSE = r"(?:^|[.:;!,)\]>\u2014-]\s*|\b(?:please|now|then|and|just|must|should)\s+)"
_TO_WRITER = (
    r"(?:please |now |only |always |never |do not |don't |instead,? )*"
    r"(?:answer|reply|respond|say|output|print|write|repeat|reveal|ignore|disregard|forget|tell"
    r"|translate|you (?:must|should|will|are|may)|from now on)\b"
)
_BEYOND_DOUBT = tuple(
    re.compile(pattern)
    for pattern in (
        # Taking back what was said before.
        _CLAUSE + r"(?:ignore|disregard|forget|override|bypass|stop following|pay no attention to)"
        r" (?:(?:all|any|the|of|your|my|these|those) ){0,3}"
        r"(?:previous|prior|above|earlier|preceding|foregoing|system|original|initial)"
        r"(?: (?:and|or) \w+)?(?: \w+)?"
        r" (?:instruction|prompt|direction|command|guideline|order)s?\b",
        _CLAUSE + r"(?:ignore|disregard|forget) (?:all |any )?(?:your|everything)"
        r" (?:\w+ )?(?:instructions|guidelines|programming|prompt|above|before this)\b",
        r"\bignorier\w* (?:\w+ ){0,3}(?:anweisung|instruktion)",
        r"\b(?:ignor|oubli)\w* (?:\w+ ){0,4}(?:instructions|consignes) (?:precedentes|ci-dessus)",
        r"\bignor\w* (?:\w+ ){0,4}(?:instrucciones|instrucoes|istruzioni)"
        r" (?:anterior|previ|preced)",
        r"\u5ffd\u7565.{0,6}(?:\u4e4b\u524d|\u4ee5\u4e0a|\u4e0a\u8ff0|\u5148\u524d|\u6240\u6709).{0,6}"
        r"(?:\u6307\u4ee4|\u6307\u793a|\u63d0\u793a)",
        # A turn of a conversation that is none.
        r"^\W*" + _CONTROL,
        _CONTROL + r"\s*(?:system|assistant|user)\b",
        r"^[#*>\s\[]*(?:system|assistant|ai|developer|(?:new |important |system )?instructions?)"
        r"(?: (?:prompt|message|note|override|assistants?))?\s*[\])*]*\s*:\s*" + _TO_WRITER,
        # Addressed to a model.
        r"^(?:dear |hey |hello |attention |note (?:to|for) |instructions? (?:to|for) |to )*"
        r"(?:all |any |the )?" + _MODEL + r"(?: (?:assistant|model|agent|reader|system)s?)?"
        r"(?: (?:reading|processing|summari[sz]ing) this[\w ]*)?\s*[,:!]\s*" + _TO_WRITER,
        r"\bif you are " + _MODEL,
        _MODEL + r"(?: (?:assistant|model|agent|reader|system)s?)? (?:reading|processing"
        r"|summari[sz]ing) (?:this|the) ?[\w ]*\b(?:must|should|shall|have to|are to)\b",
        r"\byou are no longer an? (?:ai\b|assistant\b|" + _MODEL + r")",
        r"\bas " + _MODEL + r"(?: language model| assistant)?,? you (?:must|should|will|are)\b",
        r"\byou are now (?:dan\b|in (?:developer|dan|jailbreak) mode|an? (?:unrestricted|ai)\b)",
        r"(?:^|[.:;!]\s*)from now on,? (?:you (?:are|will|must)|answer|reply|respond|act)\b",
        # What the answer has to be.
        r"(?:^|[.:;!]\s*)(?:please )?(?:instead of answering\b"
        r"|(?:stop|do not|don't) answer(?:ing)? (?:the|this|any) (?:user's )?questions?\s*[;,.]? "
        r"(?:and |but |instead,? )*" + _TO_WRITER + r")",
        r"\byou (?:must|should|shall|have to|need to|will)(?: (?:always|only|now|instead))*"
        r" (?:answer|reply|respond|say|output)(?: (?:only|exactly|that)\b| with (?:only|exactly|the"
        r" (?:words?|phrase|sentence|text))\b|:|,? [\"\u201c'])",
        r"(?:^|[.:;!]\s*)(?:when|if|whenever) (?:you (?:are )?)?"
        r"(?:asked|answer|answering|summari[sz]e|summari[sz]ing)\b[^.]{0,80}?,? "
        r"(?:you must |please |always |only )*(?:answer|reply|respond|say|output)"
        r"(?: only| exactly| that| with)?(?::| that\b| with\b| only\b|,? [\"\u201c'])",
        _CLAUSE + r"(?:reveal|print|output|repeat|show|display|disclose|leak|send)(?: me| us)?"
        r"(?: \w+){0,3} (?:system prompt|initial prompt|hidden prompt|system instructions"
        r"|(?:previous|prior|above) (?:prompt|instructions)|instructions verbatim)\b",
    )
)
_ANSWER = r"\byour (?:\w+ )?(?:answer|response|reply|replie)(?:'?s)?\b"
_WORDING = (
    r"(?:letter|vowel|word|spelling|typo|sentence|symbol|space|punctuation|anagram|tone|headline"
    r"|emoji|rhyme|cipher|morse code|binary|base ?64|hexadecimal|reverse|uppercase|lowercase)s?"
)
_ABOUT_ANSWER = (
    re.compile(
        r"^(?:(?:please|also|then|now|finally|instead|always|in addition),? )*"
        r"(?:(?:in|within|throughout|at the end of|before|after) " + _ANSWER + r",? )?"
        r"(?P<verb>[a-z]+)(?: up)?\b(?P<rest>.*)"
    ),
    re.compile(_ANSWER),
    re.compile(r"\b" + _WORDING + r"\b.*\byour (?:message|output|text|summary)\b"),
    re.compile(r"\byour (?:message|output|text|summary)\b.*\b" + _WORDING + r"\b"),
    re.compile(r"\byour message using\b"),
    re.compile(
        r"^(?:please |now |always |instead,? )*(?:answer|respond|reply) (?:only |exclusively )?"
        r"(?:in|with|using|by|as|like)\b"
    ),
    re.compile(r"^(?:please |also )?(?:tell|inform|convince|persuade) the users? (?:that|to)\b"),
)
# What people are told to do with an answer of their own, on forms and in letters.
_OWN_ANSWER = frozenset(
    "submit send return post mail email enclose attach sign date record circle mark tick check"
    " explain justify support thank thanks await appreciate receive file write type enter save"
    " select choose give show discuss compare review confirm upload deliver read see if when once"
    " after before for with by upon following during until unless since while as because".split()
)
_NO_VERB = re.compile(r"(?:ed|ing|[^s]s)$")
_SUBJECTS = frozenset(
    "we i they he she it you this that these those the a an our your my their all each any no"
    " there here what which who how why where is are was were do does did can could will would"
    " shall should may might must in on at to of and or but not".split()
)
_QUOTED = re.compile(r"\"[^\"]*\"|\u201c[^\u201d]*\u201d|\u00ab[^\u00bb]*\u00bb|`[^`]*`")
_TOPIC = frozenset(
    content_stems("instructions prompt injection jailbreak assistant chatbot llm ai model token")
    + content_stems("answer response respond reply")
)
_SHARE = 0.5  # of a question's content words from which on a sentence is on its topic


def instructs(sentence: str) -> bool:
    """Return whether `sentence` tells its reader what to answer, in any way known here."""
    return commands(sentence) or shapes_answer(sentence)


def commands(sentence: str) -> bool:
    """Return whether `sentence` is beyond doubt meant for a model; what it quotes is not said."""
    said = _said(sentence)
    return any(pattern.search(said) for pattern in _BEYOND_DOUBT)


def shapes_answer(sentence: str) -> bool:
    """Return whether `sentence` is an imperative about the wording of "your answer".

    A manual of a web server or a form may hold one too, so context has to decide.
    """
    said = _said(sentence)
    imperative, *abouts = _ABOUT_ANSWER
    start = imperative.match(said)
    if start is None or not any(about.search(said) for about in abouts):
        return False
    verb = start["verb"]
    return not (verb in _SUBJECTS or verb in _OWN_ANSWER or _NO_VERB.search(verb))


def without_instructions(question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return `evidence` without sentences that instruct, unless `question` asks for such.

    An imperative about "your response" stays when it holds half of the question's content
    words: then it is what was asked for, as in the manual of a web server.
    """
    return [e for e in evidence if not planted(question, e.quote)]


def planted(question: str, sentence: str) -> bool:
    """Return whether `sentence` instructs, and `question` does not ask about such things."""
    asked = set(content_stems(question))
    if asked & _TOPIC:
        return False
    if commands(sentence):
        return True
    shared = len(asked & set(content_stems(sentence)))
    return shapes_answer(sentence) and shared < _SHARE * len(asked)


def _said(sentence: str) -> str:
    """Return `sentence` folded, without its list mark, quotations emptied."""
    emptied = _QUOTED.sub(lambda quoted: quoted[0][0] * 2, sentence)
    return " ".join(fold(emptied).split()).lstrip("-*\u2022 ")
