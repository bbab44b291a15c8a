"""How an entry is used: the one place that turns packages and remotes of a document into something to run or reach.

`regpress.install.derive` gives neutral launch descriptions; what a single client makes of them is the business of
``templates/assets/install.js``, which has the table of clients.
"""
