#include "daemon/cli/html.h"
#include "daemon/cli/markup.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "daemon/node/jv.h"

#define SHORT_LEN 16
#define UNITS 1000000
#define Q24 16777216.0

static const char style[] =
    "@page{size:A4;margin:18mm 16mm}\n"
    "*{box-sizing:border-box}\n"
    "body{font:10.5pt/1.4 Helvetica,Arial,'Liberation Sans',sans-serif;"
    "color:#222;max-width:178mm;margin:8mm auto;padding:0 4mm}\n"
    "h1{font-size:20pt;margin:0 0 2mm}h2{font-size:13.5pt;margin:8mm 0 2mm;"
    "border-bottom:.4pt solid #888;padding-bottom:1mm;"
    "break-after:avoid}\n"
    "h3{font-size:11pt;margin:4mm 0 1mm;break-after:avoid}\n"
    "p{margin:1mm 0 2mm}.note{color:#555;font-size:9.5pt}\n"
    "table{border-collapse:collapse;width:100%;margin:2mm 0;"
    "font-size:9pt}\n"
    "th,td{border-bottom:.3pt solid #bbb;padding:1mm 1.6mm;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}\n"
    "th{background:#f0f0f0}td.n,th.n{text-align:right;"
    "overflow-wrap:normal}\n"
    "thead{display:table-header-group}tr{break-inside:avoid}\n"
    ".facts td:first-child{width:44mm;color:#555}\n"
    ".verdict{border:1.2pt solid;padding:3mm 4mm;margin:4mm 0;"
    "font-size:12pt}\n"
    ".proved{color:#1b5e20}.failed{color:#a31515}.unknown{color:#6a5200}\n"
    ".human{border-left:2.4pt solid #d55e00;background:#fff6ee;"
    "padding:1.5mm 3mm;margin:1.5mm 0}\n"
    ".fact{border-left:2.4pt solid #0072b2;padding:0 3mm;margin:1.5mm 0}\n"
    "svg{width:100%;height:auto}code{font-size:8.5pt}\n"
    "footer{margin-top:8mm;font-size:8.5pt;color:#555}\n";

void
html_head(FILE *f, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\""
	      "default-src 'none'; style-src 'unsafe-inline'\">\n<title>",
	    f);
	markup_words(f, title);
	fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
}

void
html_tail(FILE *f)
{
	fputs("</body>\n</html>\n", f);
}

void
html_section(FILE *f, const char *title, const char *note)
{
	fputs("<h2>", f);
	markup_words(f, title);
	fputs("</h2>\n", f);
	if (!note)
		return;
	fputs("<p class=\"note\">", f);
	markup_words(f, note);
	fputs("</p>\n", f);
}

void
html_fact(FILE *f, const char *name, const char *words)
{
	fputs("<tr><td>", f);
	markup_words(f, name);
	fputs("</td><td>", f);
	markup_words(f, words);
	fputs("</td></tr>\n", f);
}

static bool
is_number(const struct html_column *c)
{
	return c->form == HTML_NUMBER || c->form == HTML_TOKENS ||
	    c->form == HTML_Q24;
}

static void
put_cell(FILE *f, const struct html_column *c, const struct jv *v)
{
	int64_t n = jv_int(v, 0);
	const char *text = jv_text(v, "");
	char part[SHORT_LEN + 1];

	fputs(is_number(c) ? "<td class=\"n\">" : "<td>", f);
	if (!v)
		; /* nothing is known here */
	else if (c->form == HTML_FLAG)
		fputs(jv_true(v) ? "yes" : "", f);
	else if (is_number(c) && !jv_is_number(v))
		markup_words(f, text);
	else if (c->form == HTML_NUMBER)
		fprintf(f, "%" PRId64, n);
	else if (c->form == HTML_TOKENS)
		fprintf(f, "%.6f", (double)n / UNITS);
	else if (c->form == HTML_Q24)
		fprintf(f, "%.4f", (double)n / Q24);
	else if (c->form == HTML_SHORT && strlen(text) > SHORT_LEN) {
		snprintf(part, sizeof(part), "%.*s", SHORT_LEN, text);
		fprintf(f, "<code>%s&hellip;</code>", part);
	} else
		markup_words(f, text);
	fputs("</td>", f);
}

void
html_table(FILE *f, const struct jv *rows, const struct html_column *columns,
    size_t n, const char *none)
{
	if (jv_len(rows) == 0) {
		fputs("<p class=\"note\">", f);
		markup_words(f, none);
		fputs("</p>\n", f);
		return;
	}
	fputs("<table><thead><tr>", f);
	for (size_t k = 0; k < n; k++) {
		fputs(is_number(&columns[k]) ? "<th class=\"n\">" : "<th>", f);
		markup_words(f, columns[k].title);
		fputs("</th>", f);
	}
	fputs("</tr></thead>\n<tbody>\n", f);
	for (size_t i = 0; i < jv_len(rows); i++) {
		fputs("<tr>", f);
		for (size_t k = 0; k < n; k++)
			put_cell(f, &columns[k],
			    jv_get(jv_at(rows, i), columns[k].key));
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table>\n", f);
}
