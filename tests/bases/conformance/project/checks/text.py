"""Files that the standard library reads: settings, translations, mail, types, time zones."""

import configparser
import csv
import datetime
import email
import email.mime.application
import email.policy
import gettext
import json
import locale
import logging
import logging.config
import mimetypes
import netrc
import os
import plistlib
import tomllib
import unicodedata
import urllib.request
import wave
import xml.etree.ElementTree as ElementTree
import zoneinfo

from checking import DATA, check, each, scratch

TEXT = f"{DATA}/text"


@check
def settings():
    def ini():
        parser = configparser.ConfigParser()
        return [parser.read([f"{TEXT}/settings.ini", f"{TEXT}/none.ini"]), parser["first"]["key"]]

    return each(
        ini=(ini,),
        toml=(lambda: tomllib.load(open(f"{TEXT}/settings.toml", "rb")),),
        json=(lambda: json.load(open(f"{TEXT}/settings.json")),),
        csv=(lambda: list(csv.DictReader(open(f"{TEXT}/table.csv", newline=""))),),
        plist=(lambda: plistlib.load(open(f"{TEXT}/settings.plist", "rb")),),
        xml=(lambda: ElementTree.parse(f"{TEXT}/page.xml").getroot().attrib,),
        netrc=(lambda: netrc.netrc(f"{TEXT}/netrc").authenticators("example.org"),),
        wave=(lambda: wave.open(f"{TEXT}/tone.wav").getnframes(),),
        file_url=(lambda: urllib.request.urlopen(f"file://{TEXT}/table.csv").read(),),
    )


@check
def logging_settings():
    os.environ["LOG_FILE"] = scratch("app.log")
    logging.config.fileConfig(f"{TEXT}/logging.ini", defaults={"target": scratch("app.log")})
    logging.getLogger("app").info("started %s", 1)
    try:
        raise ValueError("wrong")
    except ValueError:
        logging.getLogger("app").exception("caught")
    for handler in list(logging.getLogger().handlers) + list(logging.getLogger("app").handlers):
        handler.close()
        logging.getLogger().removeHandler(handler)
        logging.getLogger("app").removeHandler(handler)
    with open(scratch("app.log")) as stream:
        lines = stream.read().splitlines()
    # The source line below a frame is shown only if the source is available.
    return each(
        log=(lambda: [line for line in lines if not line.startswith("    ")],),
        missing=(logging.config.fileConfig, f"{TEXT}/none.ini"),
        inside=(logging.FileHandler, f"{TEXT}/new.log"),
        dictionary=(lambda: logging.config.dictConfig(json.load(open(f"{TEXT}/logging.json"))),),
    )


@check
def translations():
    place = f"{TEXT}/locale"
    return each(
        find=(gettext.find, "app", place, ["de"]),
        translation=(lambda: gettext.translation("app", place, ["de_DE.UTF-8"]).gettext("door"),),
        plural=(lambda: gettext.translation("app", place, ["de"]).ngettext("%d door", "%d doors", 3),),
        info=(lambda: gettext.translation("app", place, ["de"]).info()["content-type"],),
        missing=(gettext.translation, "app", place, ["fr"]),
        fallback=(lambda: gettext.translation("app", place, ["fr"], fallback=True).gettext("door"),),
        bound=(lambda: [gettext.bindtextdomain("app", place), gettext.dgettext("app", "none")],),
    )


@check
def localization():
    return each(
        set=(locale.setlocale, locale.LC_ALL, "C"),
        get=(locale.getlocale,),
        conv=(lambda: locale.localeconv()["decimal_point"],),
        encoding=(locale.getencoding,),
        normalize=(locale.normalize, "de_DE"),
        missing=(locale.setlocale, locale.LC_ALL, "none"),
        number=(locale.format_string, "%.2f", 1234.5, True),
        unicode=(unicodedata.name, "ß"),
    )


@check
def mail():
    with open(f"{TEXT}/message.eml", "rb") as stream:
        message = email.message_from_binary_file(stream, policy=email.policy.default)
    with open(f"{DATA}/plain/b.bin", "rb") as stream:
        part = email.mime.application.MIMEApplication(stream.read(), Name="b.bin")
    return {
        "subject": message["Subject"],
        "parts": [item.get_content_type() for item in message.walk()],
        "body": message.get_body(("plain",)).get_content(),
        "attachments": [[item.get_filename(), item.get_content()] for item in message.iter_attachments()],
        "made": len(part.as_bytes()),
    }


@check
def types():
    return each(
        guess=(mimetypes.guess_type, f"{DATA}/archives/pack.tar.gz"),
        extension=(mimetypes.guess_extension, "application/json"),
        file=(lambda: mimetypes.read_mime_types(f"{TEXT}/mime.types"),),
        missing=(lambda: mimetypes.read_mime_types(f"{TEXT}/none.types"),),
        object=(lambda: mimetypes.MimeTypes([f"{TEXT}/mime.types"]).guess_type("x.conform"),),
        init=(_types_with_file,),
    )


def _types_with_file():
    mimetypes.init([f"{TEXT}/mime.types"])
    try:
        return mimetypes.guess_type("x.conform")
    finally:
        mimetypes.inited = False


@check
def time_zones():
    def shown(zone):
        winter, summer = datetime.datetime(2024, 1, 15, 12), datetime.datetime(2024, 7, 15, 12)  # noqa: DTZ001
        return [[str(moment.replace(tzinfo=zone)), moment.replace(tzinfo=zone).tzname()] for moment in (winter, summer)]

    def with_path(*places):
        zoneinfo.reset_tzpath(places)
        try:
            zone = zoneinfo.ZoneInfo.no_cache("Test/Place")
            return [shown(zone), sorted(name for name in zoneinfo.available_timezones() if name.startswith("Test/"))]
        finally:
            zoneinfo.reset_tzpath([])

    zoneinfo.reset_tzpath([])
    return each(
        path=(with_path, f"{TEXT}/zones"),
        from_file=(lambda: shown(zoneinfo.ZoneInfo.from_file(open(f"{TEXT}/zones/Test/Place", "rb"), "Place")),),
        tzdata=(lambda: shown(zoneinfo.ZoneInfo.no_cache("Sample/City")),),
        available=(lambda: sorted(zoneinfo.available_timezones()),),
        missing=(zoneinfo.ZoneInfo.no_cache, "None/Where"),
        empty_path=(with_path, f"{DATA}/empty"),
        outside=(zoneinfo.ZoneInfo.no_cache, "../plain/a.txt"),
    )
