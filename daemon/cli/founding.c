#include "daemon/cli/founding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/federation_file.h"
#include "daemon/cli/cli.h"
#include "daemon/node/home.h"

int
founding_keys(const char *home, struct keys *k)
{
	char path[HOME_PATH_LEN], err[KEYS_ERR_LEN];
	int rc = home_path(home, HOME_KEY, path, sizeof(path));

	*k = KEYS_INIT;
	if (rc != 0)
		return cli_error(CLI_CONFIG, "the home path is too long");
	rc = keys_load(k, path, err, sizeof(err));
	if (rc == 0)
		return CLI_OK;
	return cli_error(rc == -EPERM ? CLI_KEY_PERMISSIONS : CLI_CONFIG, "%s",
	    err);
}

int
founding_config(const char *home, struct config_node *c)
{
	struct config_error e = {.file = ""};
	char path[HOME_PATH_LEN];
	int rc = home_path(home, HOME_CONFIG, path, sizeof(path));

	*c = CONFIG_NODE_INIT;
	if (rc != 0)
		return cli_error(CLI_CONFIG, "the home path is too long");
	rc = config_node_load(c, path, &e);
	if (rc == -ENOENT)
		return cli_error(CLI_CONFIG,
		    "%s: there is no node\n  Make one: qmlnode init --home %s",
		    path, home);
	if (rc == -ENOMEM)
		return cli_error(CLI_FAILED, "out of memory");
	return rc == 0 ? CLI_OK : cli_error(CLI_CONFIG, "%s", e.text);
}

int
founding_federation(const char *path, bool draft, struct federation *f)
{
	struct config_error e = {.file = ""};
	int rc = federation_file_load(f, path, draft, &e);

	if (rc == -ENOMEM)
		return cli_error(CLI_FAILED, "out of memory");
	if (rc == -ENOENT)
		return cli_error(CLI_NOT_FOUND, "%s", e.text);
	return rc == 0 ? CLI_OK : cli_error(CLI_CONFIG, "%s", e.text);
}

void
founding_address(const struct config_node *c,
    char out[static FEDERATION_ADDRESS_LEN])
{
	const char *listen = c->listen;
	char host[200];

	if (c->advertise[0] != '\0') {
		snprintf(out, FEDERATION_ADDRESS_LEN, "%s", c->advertise);
		return;
	}
	if (strncmp(listen, "0.0.0.0:", 8) != 0 &&
	    strncmp(listen, "[::]:", 5) != 0) {
		snprintf(out, FEDERATION_ADDRESS_LEN, "%s", listen);
		return;
	}
	if (gethostname(host, sizeof(host)) < 0)
		snprintf(host, sizeof(host), "localhost");
	host[sizeof(host) - 1] = '\0';
	snprintf(out, FEDERATION_ADDRESS_LEN, "%s:%.5s", host,
	    strrchr(listen, ':') + 1);
}

int
founding_replace(const char *path, const struct federation *f)
{
	char beside[HOME_PATH_LEN], *text = NULL;
	FILE *to = NULL;
	size_t len = 0;
	int rc = 0, n = snprintf(beside, sizeof(beside), "%s.new", path);

	if (n < 0 || (size_t)n >= sizeof(beside))
		return cli_error(CLI_USAGE, "the path is too long");
	to = open_memstream(&text, &len);
	if (to == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	rc = federation_file_write(f, to);
	if (fclose(to) != 0 && rc == 0)
		rc = -ENOMEM;
	if (rc == 0)
		rc = home_write_new(beside, 0644, text, len);
	free(text);
	if (rc == -EEXIST)
		return cli_error(CLI_CONFLICT,
		    "%s is there; another qmlnode federation is at work, or "
		    "one died\n  Remove it and try again",
		    beside);
	if (rc == 0 && rename(beside, path) < 0) {
		rc = -errno;
		unlink(beside);
	}
	if (rc == 0)
		rc = home_sync_folder(path);
	if (rc != 0)
		return cli_error(CLI_IO, "%s: %s", path, strerror(-rc));
	return CLI_OK;
}
