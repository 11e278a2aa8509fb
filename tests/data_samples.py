"""The smallest files of each kind of data set, where its default options look for them."""

from __future__ import annotations

from pathlib import Path

from recsys.data.csv import CsvOptions
from recsys.data.loading import check_options

ITEMS = "item_id,title\na,Red kettle\nb,Blue teapot\nc,Green cup\n"
INTERACTIONS = "timestamp,user_id,item_id\n10,u1,a\n20,u2,b\n20,u1,c\n30,u1,a\n40,u2,c\n"

MOVIES = (
    "movieId,title,genres\n"
    "1,Toy Story (1995),Adventure|Animation|Comedy\n"
    '3,"American President, The (1995)",Comedy|Drama|Romance\n'
    "7,Babylon 5,(no genres listed)\n"
    "9,Rated too soon (2020),Drama\n"
)
RATINGS = (
    "userId,movieId,rating,timestamp\n1,1,4.0,964982703\n1,3,3.5,964981247\n2,9,5.0,964982000\n2,7,0.5,964990000\n"
)

NEWS = (
    "N1\tsports\tgolf\tA putt\tIt fell in.\thttps://example.com/1\t[]\t[]\n"
    'N2\tnews\tnewsus\tA "vote"\t\thttps://example.com/2\t[]\t[]\n'
    "N3\tnews\tnewsus\tA storm\tRain.\thttps://example.com/3\t[]\t[]\n"
    "N4\tfinance\tmarkets\tA fall\tShares.\thttps://example.com/4\t[]\t[]\n"
)
BEHAVIOURS = (
    "1\tU1\t11/11/2019 9:05:58 AM\tN1 N2\tN3-1 N4-0\n"
    "2\tU2\t11/11/2019 9:05:57 AM\t\tN1-0 N2-1 N3-0\n"
    "3\tU1\t11/12/2019 12:00:00 PM\tN1 N2 N3\tN4-1 N2-0\n"
)

SAMPLES = {
    "movielens": {"movies.csv": MOVIES, "ratings.csv": RATINGS},
    "mind": {"news.tsv": NEWS, "behaviors.tsv": BEHAVIOURS},
}


def sample_files(kind: str) -> dict[str, str]:
    """File under the data folder → text; {} for a kind that needs no files."""
    options = check_options(kind, {})
    files = SAMPLES.get(kind, {})
    if isinstance(options, CsvOptions):
        files = {options.items: ITEMS, options.interactions: INTERACTIONS}
    return {str(Path(options.path) / name): text for name, text in files.items()}


def write_sample(kind: str, folder: Path) -> None:
    """Write the files of a kind."""
    for name, text in sample_files(kind).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
