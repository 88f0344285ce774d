#!/usr/bin/python3
"""Opens Redmine's pages one after the other, as one person would, and compares what clipperf has found with the
statement log of the server.

drive.py URL LOG PARENTS

The log has a line for each statement (log_min_duration_statement = 0) that begins with the statement's queryid; a
marker of ours stands before each page. A loop is a statement that ran five times or more within one page, with
different values. What clipperf must have counted are the runs of loops; what it reports must be a loop of the log; and
the list that it names must be one of those in PARENTS, which a person has judged.
"""

import collections
import http.cookiejar
import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

# So many runs of a statement with so many different values within one page are a loop.
LOOP = 5
# How often all pages are opened.
ROUNDS = 3
# What must be counted of the statements in loops.
SHARE = 0.9
# A person pauses between two pages, in seconds: longer than clipperf.request_idle, which run has set to a second.
PAUSE = 1.2

PAGES = """
/ /projects /projects/project-0 /projects/project-1 /projects/project-0/activity /activity
/issues /issues?per_page=100 /projects/project-0/issues /projects/project-1/issues?group_by=assigned_to
/issues?sort=assigned_to,priority:desc&c[]=subject&c[]=assigned_to&c[]=author&c[]=fixed_version&c[]=watcher_users
/issues.csv /issues.atom /issues.pdf /projects/project-0/issues/gantt /projects/project-0/issues/calendar
/projects/project-0/issues/report /projects/project-0/roadmap /projects/project-0/news /news
/projects/project-0/documents /projects/project-0/boards /projects/project-0/wiki /projects/project-0/wiki/index
/projects/project-0/wiki/date_index /projects/project-0/wiki/export.html /projects/project-0/time_entries
/projects/project-0/time_entries/report?criteria[]=user /time_entries /projects/project-0/settings
/projects/project-0/settings/members /projects/project-0/settings/versions /users /groups /roles /trackers /workflows
/enumerations /custom_fields /my/page /search?q=clip&all_words=1 /admin/projects
/projects.json?include=trackers,issue_categories,enabled_modules /issues.json?include=relations,attachments&limit=100
/users.json /time_entries.json?limit=100 /news.json /projects/project-0/memberships.json?limit=100
/projects/project-0/versions.json /projects/project-0/wiki/index.json /groups.json?include=users
/issues/ISSUE /issues/ISSUE.json?include=journals,watchers,relations,children /issues/ISSUE/edit /news/NEWS
/boards/BOARD/topics/MESSAGE /versions/VERSION /users/USER /groups/GROUP /roles/ROLE/edit
""".split()

ROWS = {
    "ISSUE": "SELECT journalized_id FROM journals GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    "NEWS": "SELECT commented_id FROM comments GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    "BOARD": "SELECT board_id FROM messages WHERE parent_id IS NOT NULL ORDER BY parent_id LIMIT 1",
    "MESSAGE": "SELECT parent_id FROM messages WHERE parent_id IS NOT NULL ORDER BY parent_id LIMIT 1",
    "VERSION": "SELECT fixed_version_id FROM issues GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    "USER": "SELECT min(id) FROM users WHERE type = 'User' AND NOT admin",
    "GROUP": "SELECT min(group_id) FROM groups_users",
    "ROLE": "SELECT min(id) FROM roles WHERE builtin = 0",
}


def sql(statement):
    """What psql prints for a statement."""
    done = subprocess.run(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-c", statement],
                          check=True, capture_output=True, text=True)
    return done.stdout.strip()


class Browser:
    """Keeps the cookies of a session."""

    def __init__(self, url):
        self.url = url
        self.key = sql("SELECT value FROM tokens WHERE action = 'api'")
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def open(self, path, **form):
        request = urllib.request.Request(self.url + urllib.parse.quote(path, safe="/?&=,:[]%"),
                                         urllib.parse.urlencode(form).encode() if form else None)
        if ".json" in path:
            request.add_header("X-Redmine-API-Key", self.key)
        with self.opener.open(request) as answer:
            return answer.read().decode("utf-8", "replace")

    def log_in(self):
        token = re.search(r'name="authenticity_token" value="([^"]+)"', self.open("/login")).group(1)
        if "admin" not in self.open("/login", authenticity_token=token, username="admin", password="admin"):
            raise SystemExit("the login failed")


def drive(url, pages):
    """Opens all pages; a page that cannot be opened is told of, and counts as a failure."""
    failed = 0
    browser = Browser(url)
    browser.log_in()
    for number in range(ROUNDS):
        for page in pages:
            sql(f"SELECT '== page {page} =='")
            try:
                browser.open(page)
            except urllib.error.HTTPError as error:
                failed += number == 0
                print(f"{page}: {error}")
            time.sleep(PAUSE)
    sql("SELECT '== page end =='")
    return failed


def shape(text):
    """A text without its parameters' numbers and the lengths of its lists: a loop that runs a batch for each row has
    texts that differ by these alone, as a pattern has."""
    return re.sub(r"IN \(\$(, \$)*\)", "IN (...)", re.sub(r"\$\d+", "$", text))


def read_log(name):
    """The runs of each page, a list of (page, {queryid: [(text, values)]}), where statements of one shape have the
    queryid of the first of them; and that of each queryid."""
    pages = []
    shapes = {}
    first = {}
    with open(name) as log:
        for line in log:
            entry = json.loads(line)
            message = re.match(r"duration: \S+ ms  (?:statement|execute [^:]*): (.*)", entry.get("message", ""), re.S)
            if not message:
                continue
            marker = re.search("== page (.*) ==", message.group(1))
            if marker:
                pages.append((marker.group(1), collections.defaultdict(list)))
            elif pages and entry.get("dbname") == "redmine":
                text = message.group(1)
                queryid = entry.get("query_id", 0)
                if queryid not in first:
                    first[queryid] = shapes.setdefault(shape(text), queryid)
                pages[-1][1][first[queryid]].append((text, entry.get("detail") or text))
    return pages, first


def loops_of(pages):
    """By queryid: [text, runs in loops, {page: runs}]."""
    loops = {}
    for page, statements in pages:
        for queryid, runs in statements.items():
            if queryid != 0 and len({values for _, values in runs}) >= LOOP:
                loop = loops.setdefault(queryid, [runs[0][0], 0, collections.Counter()])
                loop[1] += len(runs)
                loop[2][page] += len(runs)
    return loops


def excerpt(text):
    return re.sub(r"SELECT .*? FROM", "SELECT ... FROM", re.sub(r"\s+", " ", text))[:150]


def read_patterns(first):
    """The proven patterns, by the queryid of their child, or of the first statement of its shape."""
    found = json.loads(sql("SELECT coalesce(json_agg(r), '[]') FROM (SELECT child_queryid, child_query, parent_column,"
                           " substring(child_parameter from '\\((.*)\\)') AS child_column, sum(children) AS children"
                           " FROM clipperf_n_plus_one WHERE confidence = 'proven' GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC) AS r"))
    patterns = collections.defaultdict(list)
    for pattern in found:
        queryid = pattern["child_queryid"]
        patterns[first.get(queryid, queryid)].append(pattern)
    return patterns


def judge(patterns, loops, judged):
    """What is wrong with the patterns, a line each."""
    for queryid, found in patterns.items():
        for pattern in found:
            told = f"{pattern['parent_column']} -> {pattern['child_column']}: {excerpt(pattern['child_query'])}"
            if queryid not in loops:
                yield f"no loop of the log: {told}"
            if pattern["child_column"] not in judged:
                yield f"not judged yet: {told}"
            elif pattern["parent_column"] not in judged[pattern["child_column"]]:
                yield f"another list: {told}"


def main():
    url, log, parents = sys.argv[1:4]
    with open(parents) as lines:
        words = [line.split() for line in lines if not line.startswith("#")]
    judged = {line[0]: line[1:] for line in words}
    pages = PAGES
    for word, statement in ROWS.items():
        row = sql(statement)
        pages = [page.replace(word, row) for page in pages]
    sql("SELECT clipperf_reset()")
    failed = drive(url, pages)
    visited, first = read_log(log)
    loops = loops_of(visited)
    patterns = read_patterns(first)
    in_loops = sum(runs for _, runs, _ in loops.values())
    counted = 0
    for queryid, (text, runs, where) in sorted(loops.items(), key=lambda item: -item[1][1]):
        found = patterns.get(queryid, [])
        children = sum(pattern["children"] for pattern in found)
        counted += min(children, runs)
        print(f"{runs:6} in loops, {children:6} counted: {excerpt(text)}")
        print("    " + ", ".join([f"{p['parent_column']} {p['children']}" for p in found] + ["on"] +
                                 [f"{page} {n}" for page, n in where.most_common(6)]))
    wrong = list(judge(patterns, loops, judged))
    for line in wrong:
        print(line)
    print(f"{len(pages)} pages opened {ROUNDS} times: {in_loops} statements in loops, {counted} of them counted"
          f" ({100 * counted / in_loops:.1f} %, to be {100 * SHARE:.0f} %), {len(wrong)} patterns wrong, {failed} pages failed")
    sys.exit(counted < SHARE * in_loops or wrong != [] or failed > 0)


main()
