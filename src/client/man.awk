# Makes the manual page clipperf(1) of docs/command.md, so that there is one text.
#
# awk -v version=VERSION -v date=DATE -f man.awk docs/command.md
#
# It knows as much of Markdown as that page uses: headings, paragraphs, lists, tables, blocks of code, and code, emphasis
# and links within a line.

# The text with what means something to roff escaped, and without the marks of Markdown.
function plain(line) {
	gsub(/\\/, "\\e", line)
	while (match(line, /\[[^]]*\]\([^)]*\)/)) {
		link = substr(line, RSTART, RLENGTH)
		sub(/^\[/, "", link)
		sub(/\]\(.*/, "", link)
		line = substr(line, 1, RSTART - 1) link substr(line, RSTART + RLENGTH)
	}
	gsub(/-/, "\\-", line)
	out = ""
	bold = 0
	while (match(line, /`|\*\*/)) {
		out = out substr(line, 1, RSTART - 1) (bold ? "\\fR" : "\\fB")
		bold = !bold
		line = substr(line, RSTART + RLENGTH)
	}
	return out line
}

# Prints text in lines of up to 78 bytes; none begins with what roff takes for a request, or ends a sentence in its middle.
function put(text,   words, count, i, line) {
	count = split(text, words, " ")
	line = ""
	for (i = 1; i <= count; i++) {
		if (line != "" && length(line) + length(words[i]) >= 78) {
			print line
			line = ""
		}
		if (line == "" && words[i] ~ /^[.']/)
			words[i] = "\\&" words[i]
		line = line (line == "" ? "" : " ") words[i]
		if (words[i] ~ /[.!?:]$/ && i < count) {
			print line
			line = ""
		}
	}
	if (line != "")
		print line
}

# Ends a paragraph that is being gathered.
function end_paragraph() {
	if (paragraph != "") {
		if (macro != "")
			print macro
		put(plain(paragraph))
		macro = ".PP"
	}
	paragraph = ""
}

# The row of a table: what it begins with is a term, and the rest tells it.
function put_row(line,   cells, count, i, meaning) {
	gsub(/\\\|/, "\001", line)
	sub(/^\| */, "", line)
	sub(/ *\|[ \t]*$/, "", line)
	count = split(line, cells, / *\| */)
	meaning = ""
	for (i = 2; i <= count; i++)
		if (cells[i] != "")
			meaning = meaning (meaning == "" ? "" : "; ") cells[i]
	gsub(/\001/, "|", cells[1])
	gsub(/\001/, "|", meaning)
	print ".TP"
	print plain(cells[1])
	put(plain(meaning))
	macro = ".PP"
}

BEGIN {
	print ".\\\" Made of docs/command.md: change that instead."
	print ".TH CLIPPERF 1 \"" date "\" \"clipperf " version "\" \"clipperf\""
	print ".SH NAME"
	print "clipperf \\- tell which queries cost a PostgreSQL database most, and why"
	print ".SH SYNOPSIS"
	print ".B clipperf"
	print ".I COMMAND"
	print "[\\fIOPTION\\fR]..."
	print "[\\fIDBNAME\\fR]"
	print ".SH DESCRIPTION"
	macro = ""
}

/^```/ {
	end_paragraph()
	if (code) {
		print ".fi"
		print ".RE"
		macro = ".PP"
	} else {
		if (macro != "")
			print macro
		print ".RS 4"
		print ".nf"
	}
	code = !code
	next
}
code {
	gsub(/\\/, "\\e")
	gsub(/\t/, "    ")
	gsub(/-/, "\\-")
	if ($0 ~ /^[.']/)
		$0 = "\\&" $0
	print
	next
}
/^# / || /^<!--/ { next }
/^#+ / {
	end_paragraph()
	title = $0
	sub(/^#+ /, "", title)
	print (/^###/ ? ".SS \"" : ".SH \"") plain(/^###/ ? title : toupper(title)) "\""
	macro = ""
	next
}
/^\|[-| ]*$/ { header = ""; next }
/^\|/ {
	end_paragraph()
	# The first row names the columns.
	if (in_table)
		put_row($0)
	in_table = 1
	next
}
/^- / {
	end_paragraph()
	print ".IP \\(bu 2"
	macro = ""
	paragraph = substr($0, 3)
	next
}
/^$/ { end_paragraph(); in_table = 0; next }
{ in_table = 0; paragraph = paragraph (paragraph == "" ? "" : " ") $0 }
END { end_paragraph() }
