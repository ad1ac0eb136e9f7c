"""Words by which readers ask for a kind of thing: map of Irwell, Turandot dvd, 地图. Catalogues code it instead.

Not those of books, objects and archive units, which say nothing in a catalogue of them.
"""

from __future__ import annotations

TYPE_WORDS: dict[str, tuple[str, ...]] = {
    "serial": ("journal", "magazine", "periodical", "Zeitschrift", "revue", "期刊", "雑誌"),
    "article": ("article", "paper", "Aufsatz", "论文"),
    "manuscript": ("manuscript", "Handschrift", "manuscrit", "手稿"),
    "score": ("score", "sheet music", "Noten", "partition", "乐谱", "楽譜"),
    "map": ("map", "maps", "Karte", "carte", "地图"),
    "image": ("picture", "image", "photograph", "photo", "Bild", "图片"),
    "audio": ("audio", "recording", "cd", "Tonträger", "录音"),
    "video": ("film", "video", "dvd", "movie", "影片", "电影"),
    "software": ("software",),
}
