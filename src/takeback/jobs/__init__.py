"""The work of the one leased process: orders to the sites, links to look at, items that are gone."""

from takeback.jobs.runner import run_jobs, run_lists

__all__ = ["run_jobs", "run_lists"]
