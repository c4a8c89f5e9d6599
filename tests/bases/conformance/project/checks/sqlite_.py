"""Packaged databases, opened in every way that SQLite offers."""

import os
import sqlite3

from checking import DATA, check, each, scratch

PLACE = f"{DATA}/databases/plain.db"
WAL = f"{DATA}/databases/wal.db"


def _asked(name, query="SELECT name, length(data) FROM things ORDER BY name", **options):
    connection = sqlite3.connect(name, **options)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def _changed(name, statement="INSERT INTO things VALUES ('x', x'00')", **options):
    connection = sqlite3.connect(name, **options)
    try:
        with connection:
            connection.execute(statement)
    finally:
        connection.close()
    return "changed"


@check
def reading():
    return each(
        plain=(_asked, PLACE),
        read_only=(lambda: _asked(f"file:{PLACE}?mode=ro", uri=True),),
        immutable=(lambda: _asked(f"file:{PLACE}?immutable=1", uri=True),),
        both=(lambda: _asked(f"file:{PLACE}?mode=ro&immutable=1", uri=True),),
        read_write=(lambda: _asked(f"file:{PLACE}?mode=rw", uri=True),),
        link=(_asked, f"{DATA}/links/to_database"),
        no_lock=(lambda: _asked(f"file:{PLACE}?nolock=1", uri=True),),
        path=(lambda: _asked(os.fsencode(PLACE)),),
        relative=(_from_its_folder,),
        index=(lambda: _asked(PLACE, "SELECT name FROM things WHERE name = 'beta'"),),
        pragma=(lambda: _asked(PLACE, "PRAGMA integrity_check"),),
        journal=(lambda: _asked(PLACE, "PRAGMA journal_mode"),),
        mapped=(_memory_mapped,),
        full_text=(lambda: _asked(PLACE, "SELECT body FROM texts WHERE texts MATCH 'door'"),),
        wal=(_asked, WAL),
        wal_read_only=(lambda: _asked(f"file:{WAL}?mode=ro", uri=True),),
        wal_immutable=(lambda: _asked(f"file:{WAL}?immutable=1", uri=True),),
    )


def _from_its_folder():
    before = os.getcwd()
    os.chdir(os.path.dirname(PLACE))
    try:
        return _asked("plain.db")
    finally:
        os.chdir(before)


def _memory_mapped():
    connection = sqlite3.connect(PLACE)
    try:
        size = connection.execute("PRAGMA mmap_size = 1048576").fetchone()
        return [size, connection.execute("SELECT count(*) FROM things").fetchone()]
    finally:
        connection.close()


@check
def refusals():
    return each(
        insert=(_changed, PLACE),
        create=(_changed, PLACE, "CREATE TABLE more (x)"),
        temporary=(_changed, PLACE, "CREATE TEMP TABLE more (x)"),
        vacuum=(_changed, PLACE, "VACUUM"),
        immutable=(lambda: _changed(f"file:{PLACE}?immutable=1", uri=True),),
        journal=(lambda: _asked(PLACE, "PRAGMA journal_mode = wal"),),
        new=(_changed, f"{DATA}/databases/new.db", "CREATE TABLE t (x)"),
        missing=(lambda: _asked(f"file:{DATA}/none.db?mode=ro", uri=True),),
        missing_folder=(lambda: _asked(f"{DATA}/none/none.db"),),
        directory=(_asked, DATA),
        no_database=(_asked, f"{DATA}/plain/a.txt"),
    )


@check
def copying():
    def backed_up():
        with sqlite3.connect(PLACE) as source, sqlite3.connect(scratch("copy.db")) as target:
            source.backup(target)
        return _changed(scratch("copy.db"))

    def attached():
        connection = sqlite3.connect(":memory:")
        connection.execute("ATTACH ? AS packaged", (PLACE,))
        connection.execute("CREATE TABLE mine AS SELECT * FROM packaged.things")
        found = connection.execute("SELECT count(*) FROM mine").fetchone()
        connection.close()
        return found

    def dumped():
        connection = sqlite3.connect(PLACE)
        connection.text_factory = bytes
        found = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'things'").fetchall()
        connection.close()
        return found

    def blob():
        with sqlite3.connect(PLACE) as connection, connection.blobopen("things", "data", 1, readonly=True) as stream:
            return [len(stream), stream.read(4)]

    def serialized():
        with sqlite3.connect(PLACE) as connection:
            return connection.serialize()[:16]

    return each(
        backup=(backed_up,), attach=(attached,), dump=(dumped,), blob=(blob,), serialize=(serialized,),
        two=(lambda: [_asked(PLACE), _asked(PLACE)],),
    )  # fmt: skip
