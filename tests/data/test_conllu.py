import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data import read_conllu, read_tagged

FRENCH = """# sent_id = 1
# text = Du pain
1-2\tDu\t_\t_\t_\t_\t_\t_\t_\t_
1\tDe\tde\tADP\tP\t_\t3\tcase\t_\t_
2\tle\tle\tDET\tD\tDefinite=Def|Number=Sing\t3\tdet\t_\t_
3\tpain\tpain\tNOUN\tN\tNumber=Sing\t0\troot\t_\tSpaceAfter=No|NER=B-FOOD

# only a comment

1\t10 000\t10 000\tNUM\t_\t_\t0\troot\t_\tNER=O
1.1\tis\tbe\tAUX\t_\t_\t_\t_\t1:cop\t_
2\t#\t#\tSYM\t_\t_\t1\tdep\t_\tNER="""
WORD = st.text(st.characters(exclude_categories=["Cs", "Zs", "Cc", "Zl", "Zp"]), min_size=1).filter(
    lambda word: word.strip() == word and "\ufeff" not in word
)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_words_and_their_tags(write, ends):
    write("a.conllu", (FRENCH + "\n\n").replace("\n", ends))
    read = read_conllu("a.conllu")
    assert read.sequences.kind == "tokens"
    assert read.sequences.items == [["De", "le", "pain"], ["10 000", "#"]]
    assert read.labels == [["ADP", "DET", "NOUN"], ["NUM", "SYM"]]
    assert read.names == ["a.conllu, line 4", "a.conllu, line 10"]
    assert (read.groups, read.notes) == (None, ())


@pytest.mark.parametrize(
    ("tag", "tags"),
    [
        ("xpos", [["P", "D", "N"], ["_", "_"]]),
        ("deprel", [["case", "det", "root"], ["root", "dep"]]),
        ("lemma", [["de", "le", "pain"], ["10 000", "#"]]),
        ("feats", [["_", "Definite=Def|Number=Sing", "Number=Sing"], ["_", "_"]]),
        ("Number", [["_", "Sing", "Sing"], ["_", "_"]]),
        ("Definite", [["_", "Def", "_"], ["_", "_"]]),
        ("NER", [["_", "_", "B-FOOD"], ["O", "_"]]),
    ],
)
def test_other_tags(write, tag, tags):
    write("a.conllu", FRENCH)
    assert read_conllu("a.conllu", tag=tag).labels == tags


UPOS = {
    *[
        "ADJ",
        "ADP",
        "ADV",
        "AUX",
        "CCONJ",
        "DET",
        "INTJ",
        "NOUN",
        "NUM",
        "PART",
        "PRON",
        "PROPN",
        "PUNCT",
        "SCONJ",
        "SYM",
        "VERB",
        "X",
    ]
}
ONE = "1\ta\t_\tDET\t_\t_\t_\t_\t_\t_\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\n\n", "a.conllu is empty; it needs sentences in CoNLL-U"),
        (
            "# nothing but comments\n",
            "a.conllu has no sentences; it needs words with ten columns each, separated by tabs",
        ),
        (
            ONE + "2\tb\tb\n",
            "a.conllu, line 2 has 3 columns between tabs; CoNLL-U has 10",
        ),
        (
            ONE + "2 b b DET _ _ _ _ _ _\n",
            "a.conllu, line 2 has 1 column between tabs; CoNLL-U has 10",
        ),
        (
            ONE + ONE.replace("1\ta", "2\t"),
            "a.conllu, line 2 has an empty FORM; write _ for nothing",
        ),
        (
            ONE.replace("DET", " "),
            "a.conllu, line 1 has an empty UPOS; write _ for nothing",
        ),
        (
            ONE + ONE,
            "a.conllu, line 2 has the ID 1 where 2 must follow; "
            "number the words of a sentence from 1, and end each sentence with an empty line",
        ),
        (
            ONE + "\n" + ONE.replace("1", "2"),
            "a.conllu, line 3 has the ID 2 where 1 must follow; "
            "number the words of a sentence from 1, and end each sentence with an empty line",
        ),
        *[
            (
                ONE.replace("1", wrong),
                f"a.conllu, line 1 has the ID {wrong!r}; it must be a number such as 1, a range such as 1-2, "
                "or an empty node such as 1.1",
            )
            for wrong in ("x", "0", "-1", "1-", "01", "\u0661", " 1")
        ],
        (
            ONE.encode() + b"2\t\xff",
            f"a.conllu is not UTF-8 text (at byte {len(ONE) + 2}); save it as UTF-8",
        ),
    ],
)
def test_broken_lines(write, refusal, content, message):
    write("a.conllu", content)
    assert refusal(read_conllu, "a.conllu") == message


def test_a_tag_that_no_word_has(write, refusal):
    write("a.conllu", FRENCH)
    assert refusal(read_conllu, "a.conllu", tag="upo") == (
        "tag must be one of lemma, upos, xpos, feats, deprel, Definite, NER, Number, SpaceAfter for "
        "a.conllu, got 'upo'; did you mean 'upos'?"
    )
    assert refusal(read_conllu, "b.conllu") == "b.conllu does not exist; did you mean 'a.conllu'?"


@pytest.mark.parametrize(
    ("part", "sentences", "words"),
    [("train", 3457, 64_684), ("dev", 1118, 21_637), ("test", 1121, 19_984)],
)
def test_universal_dependencies(real_data, part, sentences, words):
    path = real_data / "tagging" / f"en_lines-ud-{part}.conllu"
    read = read_conllu(path)
    lines = path.read_bytes().split(b"\n")
    assert len(read) == sentences == sum(line.startswith(b"# sent_id") for line in lines)
    tags = [tag for sentence in read.labels for tag in sentence]
    assert len(tags) == words == sum(line.split(b"\t")[0].isdigit() for line in lines)
    assert set(tags) <= UPOS
    assert read.sequences.lengths().sum() == words
    numbers = read_conllu(path, tag="Number").labels
    assert {tag for sentence in numbers for tag in sentence} == {"Sing", "Plur", "_"}


def test_columns_of_tokens_and_tags(write):
    write(
        "a.txt",
        b"\xef\xbb\xbfEU NNP  B-ORG\r\nrejects\tVBZ O\n\n  \n# SYM O \nno\xc2\xa0break NN I-X more\n\n",
    )
    read = read_tagged("a.txt", tag=3)
    assert read.sequences.kind == "tokens"
    assert read.sequences.items == [["EU", "rejects"], ["#", "no\u00a0break"]]
    assert read.labels == [["B-ORG", "O"], ["O", "I-X"]]
    assert read.names == ["a.txt, line 1", "a.txt, line 5"]
    assert read_tagged("a.txt", token=2, tag=1).labels == read.sequences.items


def test_words_alone(write):
    write("a.conllu", FRENCH)
    read = read_conllu("a.conllu", tag=None)
    assert (read.sequences.items, read.labels) == ([["De", "le", "pain"], ["10 000", "#"]], None)
    write("a.txt", "De\nle x\n\npain\n")
    read = read_tagged("a.txt", tag=None)
    assert (read.sequences.items, read.labels) == ([["De", "le"], ["pain"]], None)


def test_columns_between_tabs(write):
    write("a.tsv", "New York\tB-LOC\n city \tO\n")
    read = read_tagged("a.tsv", separator="tab")
    assert read.sequences.items == [["New York", "city"]]
    assert read.labels == [["B-LOC", "O"]]


@given(st.lists(st.lists(st.tuples(WORD, WORD), min_size=1), min_size=1))
def test_what_was_written_is_read(write, sentences):
    tokens = [[token for token, _ in sentence] for sentence in sentences]
    tags = [[tag for _, tag in sentence] for sentence in sentences]
    for separator, space in (("tab", "\t"), ("whitespace", " \t ")):
        content = "\n".join("".join(f"{a}{space}{b}\n" for a, b in sentence) for sentence in sentences)
        read = read_tagged(write("a.txt", content), separator=separator)
        assert (read.sequences.items, read.labels) == (tokens, tags)
    lines = (
        "".join(f"{i}\t{a}\t_\t{b}\t_\t_\t_\t_\t_\t_\n" for i, (a, b) in enumerate(sentence, start=1))
        for sentence in sentences
    )
    read = read_conllu(write("a.conllu", "\n".join(lines)))
    assert (read.sequences.items, read.labels) == (tokens, tags)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", {}, "a.txt is empty; it needs a token on each line"),
        (
            "a O\nb\n",
            {},
            "a.txt, line 2 has 1 column between white space, and the tag is column 2",
        ),
        (
            "a O\n",
            {"token": 4},
            "a.txt, line 1 has 2 columns between white space, and the token is column 4",
        ),
        (
            "a b O\n",
            {"separator": "tab"},
            "a.txt, line 1 has 1 column between tabs, and the tag is column 2",
        ),
        ("a\t\n", {"separator": "tab"}, "a.txt, line 1 has an empty tag in column 2"),
        ("\tO\n", {"separator": "tab"}, "a.txt, line 1 has an empty token in column 1"),
        ("a O\n", {"token": 0}, "token must be a whole number of at least 1, got 0"),
        ("a O\n", {"tag": "2"}, "tag must be a whole number of at least 1, got '2'"),
        ("a O\n", {"tag": 1}, "token and tag must be different columns, got 1 for both"),
        (
            "a O\n",
            {"separator": "tabs"},
            "separator must be one of whitespace, tab, got 'tabs'; did you mean 'tab'?",
        ),
    ],
)
def test_wrong_columns(write, refusal, content, options, message):
    write("a.txt", content)
    assert refusal(read_tagged, "a.txt", **options) == message


def test_a_column_without_values(write, refusal):
    path = write("plain.conllu", "1\tpain" + "\t_" * 8 + "\n")
    assert refusal(read_conllu, path, tag="upos") == (
        "plain.conllu has no upos: it is _ for every word; name a tag that the words have"
    )
    assert read_conllu(path, tag=None).sequences.items == [["pain"]]
