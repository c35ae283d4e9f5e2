"""Takes back the labels of one run of the triage agent, by what it wrote to triage.decisions."""

import argparse

import psycopg


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run-id", required=True)
    run = parser.parse_args().run_id
    with psycopg.connect() as connection:
        rows = connection.execute("SELECT issue, label FROM triage.decisions WHERE run_id = %s", (run,))
        for issue, label in rows:
            print(f"gh issue edit {issue} --remove-label {label}")


if __name__ == "__main__":
    main()
