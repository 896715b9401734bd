"""
Sites that are asked in the words of their own software, one file for each.

`known` names them; `api` is what they share. What a platform cannot be asked stands in its `CAN`.
"""
