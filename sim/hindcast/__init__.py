"""The market of spam, 1998 to 2008: fitted to what was known by mid-2001, and then let go.

A study of the spam side alone: the honest side has no published outcome to be held against.
`inputs` is all that the fit may know, `market` the model, `fit` and `forecast` what it says;
`targets` holds what really came, and scores.
"""
