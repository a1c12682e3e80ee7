"""Who may do what: each route names the least role it needs, and the guard holds it to that.

rules    the roles, and the mark every route carries
"""
