"""
Outside lists: what each keeper's programs are asked, and how their answers are read.

Nothing here speaks to anybody. An exchange says what to ask next (`Exchange.request`) and reads the answer
(`Exchange.read`); `takeback.jobs.exchange` carries both.
"""
